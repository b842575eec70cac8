"""What the encoder said, kept on disk: training again over the same encoder takes seconds, not the encoder's minutes."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.detection.featurizer import Featurizer
from bot.detection.manifest import file_hash
from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.ports import PairScorer

log = structlog.get_logger()

EVERY = 256


class RememberedScores:
    """`ports.PairScorer` that asks `scorer` only for pairs that stand in no earlier run's file.

    Args:
        scorer: The encoder.
        path: The file of its answers, made where it is missing. One encoder, one file: see `scores_path`.
    """

    def __init__(self, scorer: PairScorer, path: Path) -> None:
        self._scorer = scorer
        self._path = path
        self._known = _read(path, len(scorer.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of `score`."""
        return self._scorer.names

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return logits of shape (pairs, len(names)); what is new is written down every few pairs, so that a break loses little."""
        keys = [_key(claim, evidence) for claim, evidence in pairs]
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in self._known}
        asked = list(missing.items())
        for at in range(0, len(asked), EVERY):
            part = asked[at : at + EVERY]
            rows = self._scorer.score([pair for _, pair in part])
            self._known |= {key: row for (key, _), row in zip(part, rows, strict=True)}
            _write(self._path, self._known)
        if not pairs:
            return np.empty((0, len(self.names)), dtype=np.float32)
        return np.stack([self._known[key] for key in keys])


def scores_path(folder: Path, encoder: Path) -> Path:
    """Return the file in `folder` for the answers of the encoder in the folder `encoder`, named by what the encoder is."""
    hashes = [file_hash(encoder / name) for name in ("model.onnx", "tokenizer.json")]
    return folder / f"scores-{hashlib.sha256(''.join(hashes).encode()).hexdigest()[:16]}.npz"


def remembering(encoder: Path, topics: Path, folder: Path, *, threads: int = 2) -> Featurizer:
    """Return the featurizer of the encoder and the topic model in these folders; the encoder's answers are kept in `folder`."""
    scorer = RememberedScores(CrossEncoder(encoder, threads=threads), scores_path(folder, encoder))
    return Featurizer(scorer=scorer, embedder=SentenceEncoder(topics, threads=threads))


def _key(claim: str, evidence: str) -> bytes:
    return hashlib.sha256(f"{claim}\x00{evidence}".encode()).digest()


def _read(path: Path, width: int) -> dict[bytes, NDArray[np.float32]]:
    """Return what the file holds; nothing where there is none or it is damaged, since all of it can be made again."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            keys, rows = file["keys"], file["rows"]
    except FileNotFoundError:
        return {}
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as fault:
        log.warning("remembered_scores_unreadable", path=str(path), fault=str(fault))
        return {}
    if keys.ndim != 2 or rows.shape != (len(keys), width):
        log.warning("remembered_scores_unreadable", path=str(path), fault="not of this shape")
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _write(path: Path, known: dict[bytes, NDArray[np.float32]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(len(known), -1)
    np.savez(part, keys=keys, rows=np.stack(list(known.values())))
    part.replace(path)
