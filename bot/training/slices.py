"""Where a judge is good and where it is not: the figures of parts of a labelled file, and the rows that it got most wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair
from bot.domain import Relation
from bot.training.data import Row
from bot.training.evaluation import Evaluation, decisions, evaluate

RELATIONS = tuple(Relation)
SLICES: dict[str, Callable[[Row], str]] = {
    "topic family": lambda row: row.family,
    "difficulty": lambda row: row.difficulty,
    "certainty": lambda row: row.pair.certainty.value,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the rows: `by` is what parts them, `value` what its rows have in common."""

    by: str
    value: str
    figures: Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A row that was judged otherwise than labelled. `believed` is the probability given to the label."""

    id: str
    pair: Pair
    label: Relation
    judged: Relation
    believed: float
    shift: float
    """Probability of any shift."""
    wakes_wrongly: bool
    """Whether the desk would have been woken for nothing, or not woken: the mistake is more than one of the kind of shift."""


def slices(
    rows: Sequence[Row], probabilities: NDArray[np.floating], threshold: float, *, resamples: int = 1000
) -> list[Slice]:
    """Return the figures of each part that a labelled file tells apart; a division into one part is left out."""
    found = []
    for by, value_of in SLICES.items():
        values = np.array([value_of(row) for row in rows])
        names = sorted(set(values.tolist()))
        for value in names if len(names) > 1 else ():
            here = np.flatnonzero(values == value).tolist()
            figures = evaluate(
                [rows[i].relation for i in here],
                probabilities[here],
                threshold,
                also_ok=[rows[i].also_ok for i in here],
                resamples=resamples,
            )
            found.append(Slice(by=by, value=value or "not said", figures=figures))
    return found


def mistakes(rows: Sequence[Row], probabilities: NDArray[np.floating], threshold: float) -> list[Mistake]:
    """Return every row judged otherwise than labelled: wrong alerts first, each kind from the surest mistake on."""
    made = []
    for row, chosen, belief in zip(rows, decisions(probabilities, threshold), probabilities, strict=True):
        judged = RELATIONS[chosen]
        if judged is row.relation:
            continue
        made.append(
            Mistake(
                id=row.id,
                pair=row.pair,
                label=row.relation,
                judged=judged,
                believed=float(belief[RELATIONS.index(row.relation)]),
                shift=float(sum(p for p, relation in zip(belief, RELATIONS, strict=True) if relation.is_shift)),
                wakes_wrongly=judged.is_shift != row.relation.is_shift,
            )
        )
    return sorted(made, key=lambda mistake: (not mistake.wakes_wrongly, mistake.believed, mistake.id))
