"""What a stage may be watched by as it works: a span a piece of work, for whoever traces the bot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Note(Protocol):
    """Takes down what came of the work in hand; work of which nothing is noted was none, and is not told of."""

    def __call__(self, **facts: str | int) -> None:
        """Note facts by their names."""
        ...


Spans = Callable[[str], AbstractContextManager[Note]]
"""Opens a span by the name of the work; it ends with the block."""


@contextmanager
def unwatched(name: str) -> Iterator[Note]:
    """Let work go on of which nobody keeps a trace."""
    del name
    yield _nothing


def _nothing(**facts: str | int) -> None:
    del facts
