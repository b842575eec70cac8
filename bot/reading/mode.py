"""In what mode something is said: question, denial, promise, "if", an opponent's words, the past. Told by words and years."""

from __future__ import annotations

import re
from datetime import date

from bot.domain import Mode

_I = re.IGNORECASE
_QUESTION = re.compile(
    r"\?[\"'”’»)\]]*\s*$|\?[\"”’]\s*(?:,?\s*\w+(?:\s\w+){0,4}\s(?:asked|wondered)|(?:asked|wondered)\b)", _I
)
_ASKS = re.compile(
    r"\b(?:asked|wondered|questioned|unclear|not (?:clear|known)|remains to be seen)\b[^.]{0,30}\b(?:whether|if|how|"
    r"why|what|when)\b",
    _I,
)
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|dismiss(?:es|ed|ing)?\b[^.]{0,40}\b(?:reports?|claims?|allegations?|rumou?rs?|"
    r"suggestions?|speculation)|"
    r"refut(?:es|ed|ing)|reject(?:s|ed|ing)?\b[^.]{0,25}\b(?:reports?|claims?|allegations?|rumou?rs?|suggestions?|"
    r"accusations?)|"
    r"debunk(?:s|ed)?)\b|"
    r"\b(?:never|not|n['’]t|no one|nobody)\b[^.,;]{0,20}\b(?:said|offered|promised|proposed|agreed to|discussed|"
    r"made any|made such|considered|claimed|planned)\b|"
    r"\b(?:is|are|was|were)(?: simply| just| absolutely| completely)? (?:not true|untrue|false|fake|a lie|lies|"
    r"nonsense|fiction|invented|a fabrication|fabricated|baseless|groundless)\b|"
    r"\bthere (?:is|are|was|were|has been|have been) no (?:such|plans?|talk|question|offer|deal|truth|intention)\b|"
    r"\b(?:has|have|had) no (?:plans?|intention)\b|\bno such (?:offer|proposal|talks?|plan|promise|agreement)\b",
    _I,
)
_PROMISE = re.compile(
    r"\b(?<!not )(?<!no longer )(?:promis(?:es|ed|ing|e)|pledg(?:es|ed|ing|e)|vow(?:s|ed|ing)?|undert(?:akes?|ook|"
    r"aking)|"
    r"commit(?:s|ted|ting)? (?:itself|himself|herself|themselves|ourselves|to)|guarantees? that|offer(?:s|ed|ing)? to|"
    r"agree[sd]? to|(?:is|are|am|was|were|be|been|remains?|['’]re|['’]m) (?:also |now |still |always |fully |even )?"
    r"(?:ready|prepared|willing|determined|open) to|stands? ready to|intends? to|readiness to|willingness to|"
    r"commitment to)\b|"
    r"\b(?:russia|moscow|ukraine|kyiv|washington|the united states|nato|the alliance|berlin|paris|london|warsaw|"
    r"beijing|"
    r"the (?:government|ministry|country|kremlin|president|minister))(?: also| now)? (?:will|shall)(?! not\b|"
    r" never\b)\b",
    _I,
)
_FIRM_PROMISE = re.compile(
    r"\b(?:we|i)(?: also| now)? (?:will|shall)(?! not\b.{0,40}\buntil\b)\b|\b(?:we|i)['’]ll\b|\b(?:promis|pledg|"
    r"vow)(?:ed|es?|s|ing)\b|"
    r"(?<!not )(?<!longer )\b(?:ready|prepared|willing) (?:to|for)\b|\boffer(?:s|ed|ing)? to\b",
    _I,
)
_IF = re.compile(
    r"(?:^|[\s\"“‘(,;—–-])(?:if|suppose|supposing)\s+(?!so\b|not\b|only\b|anything\b|necessary\b)\w+|^\W*(?:were|"
    r"should)\s+\w+.{0,60}\bto?\b",
    _I,
)
_WOULD = re.compile(r"\b(?:would|could|might)\b", _I)
_IF_FIRST = re.compile(r"^\W*(?:even )?if\s", _I)
_IN_THEORY = re.compile(
    r"\b(?:hypothetical(?:ly)?|in theory|theoretically|in principle|suppose|imagine|were .{3,40} to)\b", _I
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|said|rejected|offered|demanded|agreed|refused|insisted|promised|proposed|wanted|called|"
    r"held|accepted|\w+ed)\b",
    _I,
)
_PRESENT = re.compile(
    r"\b(?:is|are|has|have|says?|will|now|today|currently|remains?|still|insists?|demands?|refuses?|wants?|rejects?)\b",
    _I,
)
_LONG_AGO = re.compile(
    r"\b(?:years? (?:ago|earlier|before)|decades? (?:ago|earlier)|months? (?:ago|earlier|before)|back then|"
    r"at the time|at that time|in the past|previously|formerly|once|"
    r"used to|last (?:year|autumn|spring|summer|winter|fall|month)|the year before|a year earlier|in the (?:19|"
    r"20)\d0s)\b",
    _I,
)
_YEAR = re.compile(
    r"\b(?:in|since|of|from|on|by|after|until|during|early|late|mid-?)\s?(?:\w+\.?,? )?(?:\d{1,2}, )?((?:19|20)\d\d)\b",
    _I,
)
_OPPONENT = re.compile(
    r"\b(?:so-called|what (?:\w+ ){1,4}calls?|they (?:say|claim|tell us|argue|insist|call|want|demand)|"
    r"we are (?:told|being told)|we hear (?:that|from)|"
    r"(?:our )?(?:opponents|adversaries|critics|enemies)(?: \w+)? (?:say|claim|argue|insist)|some (?:say|claim|"
    r"argue)|it is (?:claimed|alleged) that|allegedly)\b",
    _I,
)


def mode_of(
    text: str,
    *,
    when: date | None = None,
    asks: bool = False,
    denies: bool = False,
    opponent: bool = False,
    past: bool = False,
) -> Mode:
    """Return the mode of a sentence in its wording `text`.

    `when` is the article's date, against which years are the past; `asks`: an interviewer's turn or a verb of asking;
    `denies`: the verb that cites denies; `opponent`: the words are given to somebody whom the speaker speaks against; `past`: the
    sentence around the wording tells of the past.
    """
    conditional = _IF.search(text) is not None
    imagined = conditional and (_WOULD.search(text) or _IF_FIRST.match(text))
    promises = _PROMISE.search(text) and not conditional and not _WOULD.search(text)
    tests = (
        (Mode.QUESTION, asks or _QUESTION.search(text) or _ASKS.search(text)),
        (Mode.OPPONENT, opponent or _OPPONENT.search(text)),
        (Mode.DENIAL, denies or _DENIAL.search(text)),
        (Mode.HISTORY, past or is_past(text, when)),
        (Mode.COMMITMENT, promises or _FIRM_PROMISE.search(text)),
        (Mode.HYPOTHETICAL, imagined or _IN_THEORY.search(text)),
    )
    return next((mode for mode, holds in tests if holds), Mode.ASSERTION)


def is_past(text: str, when: date | None) -> bool:
    """Whether a sentence gives an account of the past: a verb in the past, none in the present, and words that name a past."""
    return bool(_PAST.search(text)) and names_past(text, when) and not _PRESENT.search(text)


def names_past(text: str, when: date | None) -> bool:
    """Whether words name a past: a year, none of `when` or later, or such as "years ago"."""
    years = [int(match.group(1)) for match in _YEAR.finditer(text)]
    return (bool(years) and (when is None or max(years) < when.year)) or _LONG_AGO.search(text) is not None
