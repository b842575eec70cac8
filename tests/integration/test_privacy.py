"""The models run without telling anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_runtime_of_the_models_keeps_no_session_for_its_maker(tmp_path: Path) -> None:
    """ONNX Runtime reports its use unless told not to; it then keeps a session file where temporary files and caches go."""
    script = (
        "from pathlib import Path; from bot.detection.onnx import SentenceEncoder;"
        f"print(SentenceEncoder(Path({str(ROOT / 'models' / 'topics')!r}), threads=1).embed(['quiet']).shape)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("(1, ")
    kept = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in kept if not path.is_relative_to(".cache/walkback")] == []
