"""Pairs that come without an article: whom the speaker speaks for and the mode are read from the line itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.core.features import Pair
from bot.core.naming import names_of
from bot.domain import Certainty, Holder, Position
from bot.reading.holders import Registry
from bot.reading.mode import mode_of


class PairReader:
    """Completes pairs as the reader completes statements. `positions` give the holders that are known by more than a name."""

    def __init__(self, positions: Sequence[Position]) -> None:
        self._holders = {position.holder.name: position.holder for position in positions}
        self._registries: dict[str, Registry] = {}

    def complete(self, pair: Pair, when: date) -> Pair:
        """Return `pair` with the holder's names, whom the speaker speaks for on `when`, and the statement's mode."""
        holder = self._holders.get(pair.holder) or Holder(name=pair.holder)
        speaks_for = self._registry(holder).of(pair.speaker, pair.speaker, (), when) if pair.speaker else ""
        return replace(pair, names=names_of(holder), speaker_holder=speaks_for, mode=mode_of(pair.statement, when=when))

    def pair(
        self, when: date, *, holder: str, topic: str, position: str, statement: str, speaker: str, title: str
    ) -> Pair:
        """Return the completed pair of a line's fields."""
        certainty = Certainty.STATED if speaker else Certainty.REPORTED
        raw = Pair(
            holder=holder,
            topic=topic,
            position=position,
            statement=statement,
            speaker=speaker,
            title=title,
            certainty=certainty,
        )
        return self.complete(raw, when)

    def _registry(self, holder: Holder) -> Registry:
        """Return the registry of the known holders and this one, made once for each."""
        if holder.name not in self._registries:
            self._registries[holder.name] = Registry(list({**self._holders, holder.name: holder}.values()))
        return self._registries[holder.name]
