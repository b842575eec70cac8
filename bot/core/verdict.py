"""From probabilities to a relation, its evidence and a reason in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core.features import Pair
from bot.core.lexicon import cues_in, meaning
from bot.domain import Certainty, Relation

_CLAUSE = re.compile(
    r"(?<=[,;:–—])\s+|\s+(?=(?:but|although|though|while|whereas|unless|provided|if|because|after|before|until|once|and)\s)",
    re.IGNORECASE,
)
_DID = {
    Relation.SOFTENING: "moves toward what the line refuses",
    Relation.HARDENING: "goes further than the line",
    Relation.CONTRADICTION: "holds the opposite of the line",
    Relation.NEW_OFFER: "puts on the table what the line does not hold",
    Relation.CONSISTENT: "keeps to the line",
    Relation.UNRELATED: "says nothing of this holder's line",
}
_TELLING = {
    Relation.SOFTENING: ("opening", "dropping", "condition"),
    Relation.HARDENING: ("demand", "condition", "refusal"),
    Relation.CONTRADICTION: ("dropping", "refusal", "opening"),
    Relation.NEW_OFFER: ("offer", "opening"),
    Relation.CONSISTENT: ("repeat", "refusal"),
    Relation.UNRELATED: (),
}


def decide(probabilities: Mapping[Relation, float], threshold: float) -> Relation:
    """Return the likeliest shift if all shifts together reach `threshold`, else the likelier of the two other relations."""
    shifts = {relation: p for relation, p in probabilities.items() if relation.is_shift}
    chosen = shifts if sum(shifts.values()) >= threshold else {r: p for r, p in probabilities.items() if not r.is_shift}
    return max(chosen, key=lambda relation: chosen[relation])


def clauses(text: str) -> list[tuple[int, int]]:
    """Return the spans of the clauses of `text`, in order, together covering it but for the white space between them.

    Clauses of fewer than three words are joined to the one before, so that no evidence is a fragment.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in [*_CLAUSE.finditer(text), None]:
        end = cut.start() if cut else len(text)
        if spans and len(text[start:end].split()) < 3:
            spans[-1] = (spans[-1][0], end)
        elif end > start:
            spans.append((start, end))
        start = cut.end() if cut else end
    return spans


def deciding_words(text: str, spans: Sequence[tuple[int, int]], shifts: Sequence[float]) -> str:
    """Return the clause that most decides, with the neighbours that by themselves are a shift.

    `shifts` is for each span the probability, above 0, that it alone is any shift. That times its words is what is greatest: of
    clauses that are believed alike, the fullest tells an editor most.
    """
    if len(spans) < 2:
        return text
    weights = [p * len(text[start:end].split()) for (start, end), p in zip(spans, shifts, strict=True)]
    best = max(range(len(spans)), key=weights.__getitem__)
    first = best - 1 if best and shifts[best - 1] > 0.5 else best
    last = best + 1 if best + 1 < len(spans) and shifts[best + 1] > 0.5 else best
    return text[spans[first][0] : spans[last][1]].strip(" ,;:–—")


def explain(pair: Pair, relation: Relation, evidence: str) -> str:
    """Return the reason as an editor reads it: what the words do to the line, the telling cue, and whose words they are."""
    found = cues_in(evidence or pair.statement)
    cue = next((name for name in _TELLING[relation] if name in found), None)
    told = f" ({meaning(cue)}: “{found[cue]}”)" if cue else ""
    return f"{_DID[relation]}{told}; {_whose(pair)}"


def _whose(pair: Pair) -> str:
    speaker = pair.speaker or "the report"
    if pair.speaker_holder == pair.holder:
        return f"{speaker} speaks for {pair.holder}"
    if pair.speaker_holder:
        return f"said by {speaker}, who speaks for {pair.speaker_holder}, of {pair.holder}"
    if pair.certainty is Certainty.REPORTED:
        return f"reported of {pair.holder} by {speaker}"
    return f"said by {speaker}"
