"""The command that draws Slack's messages takes a folder, and no word for one that is an option."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "proofs" / "render_slack.py"


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("--nothing", 2)])
def test_an_option_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["render_slack.py", word])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == code
    assert "folder" in "".join(capsys.readouterr())
    assert list(tmp_path.iterdir()) == []
