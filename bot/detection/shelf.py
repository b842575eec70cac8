"""Models as the runtime reads them quickest, kept between starts in a folder for what can be made again.

An unfolded model (see `unfolding.py`) is kept under the hash of the file it was made from: whole or not at all, with hashes of its
own, and read by every process from the same pages of memory. Where nothing can be written, it is made in memory each time.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog

from bot.detection.manifest import file_hash
from bot.detection.unfolding import Array, unfolded

log = structlog.get_logger()

MODEL, WEIGHTS, SUMS = "model.onnx", "weights.bin", "sums.json"
EDITION = 1
"""Of how models are unfolded: another one does not read what this one kept."""
PAGE = 4096
UNUSED_S = 30 * 86_400.0
"""After how long without use a kept model is thrown away."""


def shelf(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder for what can be made again, by the custom of the system; None where there is none."""
    for variable, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        root = environment.get(variable, "")
        if root and Path(root).is_absolute():
            return Path(root) / below / "walkback"
    return None


def ready(model: Path, place: Path | None) -> Path | bytes:
    """Return `model` as the runtime reads it: a path, or its bytes. OSError or ValueError where it cannot be read.

    `place` is where unfolded models are kept, None for nowhere.
    """
    if place is not None:
        kept = place / f"{file_hash(model)[:32]}-{EDITION}"
        if _whole(kept):
            with suppress(OSError):
                os.utime(kept)
            return kept / MODEL
        try:
            return _keep(model, kept) or model
        except OSError as fault:
            log.info("model_not_kept", folder=str(place), problem=fault.strerror)
    return unfolded(memoryview(model.read_bytes())) or model


def _keep(model: Path, kept: Path) -> Path | None:
    """Unfold `model` into `kept`, whole or not at all; None where there is nothing to unfold."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{kept.name}.", dir=kept.parent))
    try:
        with (part / WEIGHTS).open("wb") as file:
            made = unfolded(memoryview(model.read_bytes()), partial(_append, file), WEIGHTS)
            file.flush()
            os.fsync(file.fileno())
        if made is None:
            return None
        (part / MODEL).write_bytes(made)
        sums = {name: file_hash(part / name) for name in (MODEL, WEIGHTS)}
        (part / SUMS).write_text(json.dumps(sums), encoding="utf-8")
        if not _whole(kept):  # else another process was quicker
            shutil.rmtree(kept, ignore_errors=True)
            part.rename(kept)
        _sweep(kept.parent)
        return kept / MODEL
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _append(file: BinaryIO, array: Array) -> tuple[int, int]:
    """Write an array's bytes where a page begins, as mapping wants it; return where, and how many."""
    file.write(bytes(-file.tell() % PAGE))
    start = file.tell()
    return start, file.write(array.tobytes())


def _whole(kept: Path) -> bool:
    """Whether what is kept is what was written."""
    try:
        sums = json.loads((kept / SUMS).read_text(encoding="utf-8"))
        return all(sums[name] == file_hash(kept / name) for name in (MODEL, WEIGHTS))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sweep(place: Path) -> None:
    """Throw away what nobody has used for long, and what a process that died left half made."""
    for each in place.iterdir():
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > UNUSED_S:
                shutil.rmtree(each)
