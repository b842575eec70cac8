"""Unfolded models that are kept: whole, made once, made again when damaged, and never needed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from bot.config import shipped_path
from bot.detection import shelf
from bot.detection.onnx import CrossEncoder
from bot.detection.shelf import MODEL, UNUSED_S, WEIGHTS, ready

ENCODER = shipped_path("models") / "encoder" / "model.onnx"
TOPICS = shipped_path("models") / "topics" / "model.onnx"
PAIR = [("Norland on tanks: Norland sends no tanks to anybody.", "Ada Berg (Minister): Some may go in spring.")]


def test_the_place_follows_the_custom_of_the_system() -> None:
    assert shelf.shelf({"XDG_CACHE_HOME": "/caches", "HOME": "/somewhere/a"}) == Path("/caches/walkback")
    assert shelf.shelf({"XDG_CACHE_HOME": "relative", "HOME": "/somewhere/a"}) == Path("/somewhere/a/.cache/walkback")
    assert shelf.shelf({}) is None


def test_a_model_is_unfolded_once_and_then_found(tmp_path: Path) -> None:
    first = ready(ENCODER, tmp_path)
    assert isinstance(first, Path)
    stamp = (first.parent / WEIGHTS).stat().st_mtime_ns
    assert ready(ENCODER, tmp_path) == first
    assert (first.parent / WEIGHTS).stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == [first.parent.name]


def test_a_damaged_copy_is_made_again_and_an_old_one_thrown_away(tmp_path: Path) -> None:
    first = ready(ENCODER, tmp_path)
    assert isinstance(first, Path)
    with (first.parent / WEIGHTS).open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\0" * 64)
    long_unused = tmp_path / "old-1"
    long_unused.mkdir()
    past = time.time() - UNUSED_S - 60
    os.utime(long_unused, (past, past))
    again = ready(ENCODER, tmp_path)
    assert again == first
    assert not long_unused.exists()
    assert shelf._whole(first.parent)


def test_where_nothing_can_be_written_the_figures_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_folder = tmp_path / "a file"
    no_folder.write_bytes(b"")
    assert isinstance(ready(ENCODER, no_folder), bytes)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    kept = CrossEncoder(ENCODER.parent, threads=1).score(PAIR)
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_folder))
    np.testing.assert_array_equal(CrossEncoder(ENCODER.parent, threads=1).score(PAIR), kept)


def test_a_model_without_anything_to_unfold_is_read_where_it_lies(tmp_path: Path) -> None:
    assert ready(TOPICS, tmp_path) == TOPICS
    assert not [path for path in tmp_path.rglob("*") if path.name == MODEL]
