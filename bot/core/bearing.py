"""What a later statement does to a shift that is on record: bear it out, deny it, tell it otherwise, or speak against it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.grouping import is_opposite
from bot.core.likeness import surname
from bot.domain import Mode, Relation

DENIES_AT = 0.3
"""Likeness to a shift from which a denial is one of it; one of reports or of having said so needs none in its article's subject."""
DIFFERS_AT = 0.45
"""Likeness from which two accounts are of one statement."""
SURE = 0.6
"""Probability of a relation from which it is held against another account or voice."""
ACCOUNTS_WITHIN = timedelta(hours=48)

_OF_REPORTS = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|dismiss\w*|reject\w*|refut\w*|debunk\w*)\b[^.]{0,60}\b(?:reports?|claims?|rumou?rs?|"
    r"suggestions?|speculation|ever|having)\b|"
    r"\bden(?:y|ies|ied|ying)\b[^.,;]{0,40}\b(?:had|has|have)\b|"
    r"\b(?:never|not|n['’]t)\b[^.,;]{0,20}\b(?:said|offered|promised|proposed|suggested|agreed)\b|"
    r"\b(?:misquoted|misinterpreted|misrepresented|taken out of context|fake news)\b|"
    r"\b(?:reports?|claims?|rumou?rs?)\b[^.]{0,60}\b(?:untrue|false|fake|baseless|groundless|nonsense|invented)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|no|never|nor|neither|cannot|without|refus\w*|reject\w*|rul(?:e|es|ed|ing) out)\b|n['’]t\b", re.IGNORECASE
)


class Bearing(StrEnum):
    """What a statement does to a shift on record."""

    NONE = "none"
    DENIES = "denies"
    DIFFERS = "differs"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiced:
    """A statement as it bears on others: what was said, by whom, in which outlet, when, and what it does to the line.

    `probability` is that of `relation`; `of_holder` says whether the holder itself speaks or is spoken of by name, `in_subject`
    whether the line is the one of the holder's that its article is closest to.
    """

    words: str
    relation: Relation
    probability: float
    speaker: str
    outlet: str
    published: datetime
    mode: Mode = Mode.ASSERTION
    of_holder: bool = True
    in_subject: bool = True


def bearing(
    said: Voiced, shift: Voiced, *, alike: float, alike_line: float = -1.0, voices_within: timedelta = timedelta(days=3)
) -> Bearing:
    """Return what `said` does to a shift whose opening account is `shift`.

    `alike` is the likeness of the two, `alike_line` that of `said` and the line on record: "we never said that" of the
    line itself moves the line, and denies no shift. `voices_within` is how far apart two voices may speak.
    """
    if said.published < shift.published:
        return Bearing.NONE
    if _denies(said, alike=alike, alike_line=alike_line):
        return Bearing.DENIES
    if said.mode in (Mode.QUESTION, Mode.HYPOTHETICAL, Mode.HISTORY, Mode.OPPONENT) or not _is_against(said, shift):
        return Bearing.NONE
    one, other = surname(said.speaker), surname(shift.speaker)
    if not one or not other:
        return Bearing.NONE
    between = said.published - shift.published
    if one == other:
        same_statement = alike >= DIFFERS_AT and between <= ACCOUNTS_WITHIN and said.outlet != shift.outlet
        return Bearing.DIFFERS if same_statement and polarity(said.words) != polarity(shift.words) else Bearing.NONE
    return Bearing.MIXED if between <= voices_within else Bearing.NONE


def polarity(words: str) -> bool:
    """Whether the words say yes: whether their negations are even in number."""
    return len(_NOT.findall(words)) % 2 == 0


def _denies(said: Voiced, *, alike: float, alike_line: float) -> bool:
    """Whether a denial is one of this shift: much like it, or of reports or of having said so, in an article on the line."""
    if said.mode is not Mode.DENIAL or not said.of_holder:
        return False
    if said.relation.is_shift and said.probability >= SURE and alike_line > alike:
        return False
    return alike >= DENIES_AT or (said.in_subject and _OF_REPORTS.search(said.words) is not None)


def _is_against(said: Voiced, shift: Voiced) -> bool:
    """Whether a statement surely keeps to the line that the shift left, or goes the other way.

    To repeat the line is not against a new offer or a further demand: both can be said in one breath.
    """
    if said.probability < SURE:
        return False
    left = shift.relation in (Relation.SOFTENING, Relation.CONTRADICTION)
    return (left and said.relation is Relation.CONSISTENT) or is_opposite(said.relation, shift.relation)
