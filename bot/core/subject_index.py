"""Which sentences of an article speak of what which positions are about, for all positions at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.core.subject import Subject, Subjects


class SubjectIndex:
    """Answers as `Subjects.speaks_of` for each sentence with those beside it and the title, and each of `subjects`.

    Costs as much as the words of an article, and hardly more with many positions: each word leads to those that it counts for.
    """

    def __init__(self, reader: Subjects, subjects: Sequence[Subject]) -> None:
        self._reader = reader
        self._names = _places([subject.parties for subject in subjects])
        self._words = _places([subject.words for subject in subjects])
        self._enough = np.array([subject.enough for subject in subjects], dtype=np.int64)

    def speaking(self, sentences: Sequence[str], title: str, beside: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
        """Return shape (sentences, subjects): whether the sentence, one beside it or the title speaks of the subject.

        `beside` has for each sentence the others by their index.
        """
        read = [self._reader.read(sentence) for sentence in sentences]
        above = self._reader.read(title)
        rows = np.zeros((len(sentences), len(self._enough)), dtype=np.bool_)
        for index in range(len(sentences)):
            near = (above, read[index], *(read[other] for other in beside[index]))
            rows[index] = self._row(frozenset().union(*(n for n, _ in near)), frozenset().union(*(w for _, w in near)))
        return rows

    def _row(self, names: frozenset[str], words: frozenset[str]) -> NDArray[np.bool_]:
        shared = np.zeros(len(self._enough), dtype=np.int64)
        for word in words:
            if word in self._words:
                shared[self._words[word]] += 1
        row: NDArray[np.bool_] = shared >= self._enough
        for name in names:
            if name in self._names:
                row[self._names[name]] = True
        return row


def _places(groups: Sequence[frozenset[str]]) -> dict[str, NDArray[np.int64]]:
    places: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for name in group:
            places.setdefault(name, []).append(number)
    return {name: np.array(numbers, dtype=np.int64) for name, numbers in places.items()}
