"""Cue words, as regular expressions with names. A cue is a hint for the classifier and a word for the reason, never a verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A family of cue words. `name` is a feature's name; `meaning` is how a reason speaks of it."""

    name: str
    meaning: str
    pattern: re.Pattern[str]


def _cue(name: str, meaning: str, *words: str) -> Cue:
    return Cue(
        name=name, meaning=meaning, pattern=re.compile(r"(?<!\w)(?:" + "|".join(words) + r")(?!\w)", re.IGNORECASE)
    )


CUES: tuple[Cue, ...] = (
    _cue(
        "refusal",
        "a refusal",
        r"not",
        r"n[o']t",
        r"\w+n['’]t",
        r"never",
        r"no(?! (?:doubt|longer))",
        r"nor",
        r"without",
        r"refus\w+",
        r"reject\w*",
        r"rul\w+ out",
        r"oppos\w+",
        r"unacceptable",
        r"non-starter",
        r"out of the question",
        r"den(?:y|ies|ied)",
        r"dismiss\w*",
        r"against",
        r"veto\w*",
        r"block\w*",
    ),
    _cue(
        "opening",
        "an opening",
        r"could live with",
        r"(?:did|does|do|would) not (?:rule out|exclude)",
        r"n['’]t rule out",
        r"open to",
        r"willing\w*",
        r"flexib\w+",
        r"compromis\w+",
        r"concession\w*",
        r"might",
        r"could",
        r"conceivable",
        r"negotiable",
        r"acceptable",
        r"on the table",
        r"prepared to",
        r"signal\w* (?:a )?(?:readiness|willingness)",
    ),
    _cue(
        "dropping",
        "a line given up",
        r"no longer",
        r"drop\w*",
        r"abandon\w*",
        r"lift\w*",
        r"withdr[ae]w\w*",
        r"revers\w+",
        r"scrap\w*",
        r"give up",
        r"gave up",
        r"revok\w+",
        r"back(?:ed|s)? (?:down|away|off)",
        r"walk\w* back",
        r"U-turn",
        r"chang\w+ (?:its|his|her|their) mind",
    ),
    _cue(
        "condition",
        "a condition",
        r"unless",
        r"only if",
        r"provided(?: that)?",
        r"on condition",
        r"as long as",
        r"until",
        r"in (?:return|exchange)",
        r"if",
        r"once",
        r"precondition\w*",
        r"contingent",
    ),
    _cue(
        "demand",
        "a demand",
        r"demand\w*",
        r"must",
        r"insist\w*",
        r"requir\w+",
        r"ultimatum",
        r"warn\w*",
        r"threat\w*",
        r"will have to",
        r"also cover\w*",
    ),
    _cue(
        "offer",
        "an offer",
        r"offer\w*",
        r"propos\w+",
        r"ready to",
        r"pledg\w+",
        r"promis\w+",
        r"guarantee\w*",
        r"commit\w*",
        r"invit\w+",
        r"put forward",
        r"tabled",
        r"undertak\w+",
    ),
    _cue(
        "repeat",
        "a repetition",
        r"reiterat\w+",
        r"again",
        r"repeat\w*",
        r"reaffirm\w*",
        r"still",
        r"remain\w*",
        r"unchanged",
        r"as before",
        r"long-?standing",
        r"continu\w+",
        r"once more",
    ),
)

_BY_NAME = {cue.name: cue for cue in CUES}


def cues_in(text: str) -> dict[str, str]:
    """Return the first match of each family of cues found in `text`, by family name."""
    found = {}
    for cue in CUES:
        match = cue.pattern.search(text)
        if match:
            found[cue.name] = match.group(0)
    return found


def meaning(name: str) -> str:
    """Return how a reason speaks of the family `name`; KeyError for an unknown one."""
    return _BY_NAME[name].meaning
