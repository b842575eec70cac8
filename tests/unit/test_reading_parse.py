from __future__ import annotations

import importlib
import sys

import pytest

from bot.reading.parse import _hidden


def test_a_hidden_module_cannot_be_imported_until_it_is_shown_again(tmp_path, monkeypatch):
    (tmp_path / "heavy_thing.py").write_text("SIZE = 190\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with _hidden("heavy_thing", "sys"):
        with pytest.raises(ImportError):
            importlib.import_module("heavy_thing")
        assert importlib.import_module("sys") is sys  # what is there already stays
    assert importlib.import_module("heavy_thing").SIZE == 190
