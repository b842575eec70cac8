"""The same text again: MinHash signatures over word shingles (datasketch), small enough to store with each article."""

from __future__ import annotations

import re

import numpy as np
from datasketch import MinHash

SIGNATURE_BYTES = 512
"""128 permutations of 32 bits."""
SAME = 0.7
"""Similarity from which two articles are copies of one text, allowing for another headline, dateline or last paragraph."""

_PERMUTATIONS = 128
_SHINGLE = 4
_SEED = 20
_WORD = re.compile(r"\w+")
_MOST_WORDS = 5000


def signature(text: str) -> bytes:
    """Return the MinHash signature of the first 5,000 words of `text`, `SIGNATURE_BYTES` long, the same on every machine."""
    words = [match.group() for match, _ in zip(_WORD.finditer(text.lower()), range(_MOST_WORDS), strict=False)]
    shingles = (
        {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))} if words else set()
    )
    sketch = MinHash(num_perm=_PERMUTATIONS, seed=_SEED, scheme="affine32")
    if shingles:
        sketch.update_batch(shingle.encode("utf-8", "surrogatepass") for shingle in sorted(shingles))
    return np.asarray(sketch.hashvalues, dtype="<u4").tobytes()


def similar(a: bytes, b: bytes) -> float:
    """Return the estimated Jaccard similarity of two texts by their signatures, in [0, 1]; 0 for texts without words.

    The standard error is at most 0.045. Raises ValueError for signatures of another length.
    """
    if len(a) != SIGNATURE_BYTES or len(b) != SIGNATURE_BYTES:
        raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(a)} and {len(b)}")
    left, right = np.frombuffer(a, dtype="<u4"), np.frombuffer(b, dtype="<u4")
    if (left == _EMPTY).all() or (right == _EMPTY).all():
        return 0.0
    return float(np.mean(left == right))


_EMPTY = np.uint32(0xFFFFFFFF)
