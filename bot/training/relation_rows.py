"""Our own pairs as training rows of the encoder's second stage, with the counter-examples that keep it honest.

A statement that is paired with few baselines can be judged by its sound alone. So each is also set against baselines that it does
not touch: another topic of the same holder, and the nearest topic of another holder. Some public pairs are mixed in, so that the
first head does not forget.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair, encoder_pair
from bot.domain import Relation
from bot.training.data import Row
from bot.training.encoder import LabelledPair

RELATIONS = tuple(Relation)
ALL = tuple(range(len(RELATIONS)))
_NLI = {Relation.CONSISTENT: (0,), Relation.CONTRADICTION: (2,)}


def relation_rows(rows: Sequence[Row], near: dict[str, list[str]], *, others: float, seed: int) -> list[LabelledPair]:
    """Return the rows of the relation head, and of the NLI head where a relation settles it.

    `near` gives for each group the groups of other holders with the nearest topics, nearest first. `others` is the mean number
    of counter-examples per statement, in [0, 2].
    """
    generator = random.Random(seed)
    made = [_labelled(row.pair, row.relation) for row in rows]
    made += [
        _entailment(row.pair, _NLI[row.relation]) for row in rows if row.relation in _NLI and generator.random() < 0.5
    ]
    by_group: dict[str, list[Row]] = {}
    by_holder: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(row.group, []).append(row)
        by_holder.setdefault(row.pair.holder, []).append(row)
    for row in {(row.group, row.pair.statement): row for row in rows}.values():
        same_holder = [other for other in by_holder[row.pair.holder] if other.group != row.group]
        close = [other for group in near.get(row.group, ())[:3] for other in by_group.get(group, ())]
        close = [other for other in close if other.pair.holder != row.pair.holder]
        for pool in (same_holder, close):
            if pool and generator.random() < others / 2:
                made.append(_labelled(_against(row.pair, generator.choice(pool).pair), Relation.UNRELATED))
    return made


def nearest_groups(rows: Sequence[Row], topics: dict[str, NDArray[np.floating]]) -> dict[str, list[str]]:
    """Return for each group the groups by falling cosine of their topics' unit vectors (`topics`, by group)."""
    groups = sorted({row.group for row in rows})
    vectors = np.stack([topics[group] for group in groups])
    order = np.argsort(-(vectors @ vectors.T), axis=1)
    return {group: [groups[j] for j in order[i] if j != i] for i, group in enumerate(groups)}


def _against(pair: Pair, other: Pair) -> Pair:
    return Pair(
        holder=other.holder,
        topic=other.topic,
        position=other.position,
        statement=pair.statement,
        speaker=pair.speaker,
        title=pair.title,
    )


def _labelled(pair: Pair, relation: Relation) -> LabelledPair:
    claim, evidence = encoder_pair(pair)
    return LabelledPair(
        head="relation", claim=claim, evidence=evidence, allowed=(RELATIONS.index(relation),), among=ALL
    )


def _entailment(pair: Pair, allowed: tuple[int, ...]) -> LabelledPair:
    """The bare baseline against the bare statement: the form of the public pairs."""
    return LabelledPair(
        head="nli", claim=pair.position, evidence=pair.statement, allowed=allowed, among=(0, 1, 2), weight=0.5
    )
