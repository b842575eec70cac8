"""Interviews and briefings: who has the turn. A turn lasts from its label to the next one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.reading.names import find_names
from bot.reading.sentences import Span

_SPEAKS = "💬🗣"
"""Marks by which posts say that somebody speaks: one is enough to make a turn."""
_LABEL = re.compile(
    rf"(?:[{_SPEAKS}❓❔]\ufe0f?\s*)?"
    r"[\"“]?(?:\*\*|__)?\s*((?:[A-ZÀ-Þ][\w.'’-]*)(?:[ \u00a0](?:[A-ZÀ-Þ(][\w.'’)-]*|de|von|van|der|of|the|to|for|and|"
    r"at|#?\d{1,2})){0,7}(?:\s\([^)]{1,60}\))?)\s*"
    r"(?:\*\*|__)?\s*[:：]\s*(?:\*\*|__)?(?=\s|\S)"  # noqa: RUF001 - full-width colon
)
_LETTER = re.compile(r"[\"“]?(?:\*\*|__)?\s*([QA])(?:\*\*|__)?[.)](?:\*\*|__)?\s+(?=\S)")
_BARE_Q = re.compile(r"(Q)[ \u00a0\t]+(?=[\"“(]?[A-Z0-9])")
"""How the White House marks a question, beside "MS. BRANDT:" before the answers."""
_BOLD_QUESTION = re.compile(
    r"(?:\*\*|__)[^*_]{2,600}\?(?:\*\*|__)\s*|(?=[^a-z]{10,300}\?\s*\Z)[^a-z]*[A-Z]{2}[^a-z]*\?\s*"
)
_ASKER = re.compile(
    r"^(?:questions?|q|qu|interviewer|journalists?|reporters?|correspondent|host|moderator|presenter|anchor|student|audience|"
    r"(?:press|media)(?! (?:secretary|officer|attaché|advis[eo]r|spokes\w+|office|service|director|minister)\b))\b",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"^(?:answer|a|response|reply)$", re.IGNORECASE)
_OFFICES = (
    r"ministry|minister|president|director|head|secretary|commissioner|spokes(?:man|woman|person)|aide|\w+['’]s office"
)
_OFFICE = re.compile(rf"(?:\w+\s){{0,3}}(?:{_OFFICES})(?:\s(?:of|for)\s.*)?$", re.IGNORECASE)
"""A label that is an office and no name: "Minister of Foreign Affairs", "Prime Minister's Office"."""
_TITLED = re.compile(rf"(?:\w+\s){{0,3}}(?:{_OFFICES})\b", re.IGNORECASE)
"""What a label begins with that names somebody by an office, and is one however long and seldom it is."""
_NO_LABEL = re.compile(
    r"^(?:photo|image|source|video|note|update|read more|watch|correction|related|tags?|topics?|editor.s note|"
    r"caption|date|time|place|"
    r"location|credit|breaking|analysis|opinion|exclusive|live|key points?|background|summary|reporting by|"
    r"editing by|phone|email|"
    r"e-mail|fax|tel|address|https?|re|to|from|subject|cc)$",
    re.IGNORECASE,
)
_OUTLET = re.compile(
    r"\b(?:interview|conversation|talk|spoke)s?\b[^.\n]{0,40}?\b(?:with|to|for|"
    r"by)\s+(?:the\s+)?([A-Z][\w&.-]*(?: [A-Z][\w&.-]*){0,3})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one person says until the next begins: `label` is where the text names them, `start` where the words begin.

    An interview whose questions are only set in bold names nobody: the labels are empty there.
    """

    speaker: str
    label: Span
    start: int
    end: int
    asks: bool


def turns(text: str, spans: Sequence[Span], heading_at: int = -1) -> tuple[Turn, ...]:
    """Return the turns of a transcript whose paragraphs are `spans`, or none where the text is no transcript.

    `heading_at` is the offset of the last heading or dateline above the talk: what is labelled before it is a headline.
    """
    labels = _labels(text, spans, _LABEL, heading_at)
    if len(labels) > 1:
        labels = sorted([*labels, *_labels(text, spans, _BARE_Q, heading_at)], key=lambda found: found[0])
    counts = Counter(match.group(1).strip().upper() for _, match in labels)
    said = any(text[match.start()] in _SPEAKS for _, match in labels)
    if not said and not _is_transcript(counts, len(spans)):
        labels = _labels(text, spans, _LETTER, -1)
        counts = Counter(match.group(1) for _, match in labels)
        if counts["Q"] < 1 or counts["A"] < 1 or len(labels) < 3:
            return _bold_turns(text, spans)
    labels = [
        (i, m)
        for i, m in labels
        if counts[m.group(1).strip().upper()] > 1
        or _ASKER.match(m.group(1))
        or len(m.group(1).split()) <= 3
        or _TITLED.match(m.group(1))
    ]
    head = text[: labels[0][1].start()] if labels else ""
    asker, answerer = _asker(head), _answerer(text, head)
    outlet = asker.removesuffix(" interviewer").upper()
    out = []
    for place, (index, match) in enumerate(labels):
        last = labels[place + 1][0] - 1 if place + 1 < len(labels) else len(spans) - 1
        name = match.group(1).strip()
        asks = bool(_ASKER.match(name))
        speaker = asker if asks else answerer if _ANSWER.match(name) else _clean(name)
        asks = asks or name.upper() == outlet
        out.append(
            Turn(speaker=speaker, label=match.span(1), start=match.end(), end=spans[max(last, index)][1], asks=asks)
        )
    return _with_askers(text, out)


def is_answer(label: str) -> bool:
    """Whether a label names nobody who answers: "Answer"."""
    return _ANSWER.match(label) is not None


def _labels(
    text: str, spans: Sequence[Span], pattern: re.Pattern[str], heading_at: int
) -> list[tuple[int, re.Match[str]]]:
    """Return the paragraphs that begin with a label, by their index."""
    found = [
        (index, match)
        for index, (start, end) in enumerate(spans)
        if (match := pattern.match(text, start, min(end, start + 160))) is not None
    ]
    return [(i, m) for i, m in found if not _NO_LABEL.match(m.group(1)) and m.start() > heading_at]


def _bold_turns(text: str, spans: Sequence[Span]) -> tuple[Turn, ...]:
    """Return the turns of an interview that only sets its questions in bold or capitals; nobody is named at them."""
    asked = [i for i, (start, end) in enumerate(spans) if _BOLD_QUESTION.fullmatch(text[start : min(end, start + 700)])]
    asked = [i for i in asked if i + 1 < len(spans) and i + 1 not in asked]
    if len(asked) < 2:
        return ()
    head = text[: spans[asked[0]][0]]
    asker, answerer = _asker(head), _answerer(text, head)
    out = []
    for place, index in enumerate(asked):
        start, end = spans[index]
        last = asked[place + 1] - 1 if place + 1 < len(asked) else len(spans) - 1
        out.append(Turn(speaker=asker, label=(start, start), start=start, end=end, asks=True))
        begins = spans[index + 1][0]
        out.append(Turn(speaker=answerer, label=(begins, begins), start=begins, end=spans[last][1], asks=False))
    return tuple(out)


def _with_askers(text: str, found: Sequence[Turn]) -> tuple[Turn, ...]:
    """Mark as asking whoever has two turns or more that mostly end in a question, where somebody else's mostly do not."""
    asking: Counter[str] = Counter()
    total: Counter[str] = Counter(turn.speaker for turn in found)
    for turn in found:
        asking[turn.speaker] += text[turn.start : turn.end].rstrip(' *_"”’').endswith("?")
    share = {name: asking[name] / n for name, n in total.items()}
    if not any(rate <= 0.3 and total[name] > 1 for name, rate in share.items()):
        return tuple(found)
    askers = {name for name, rate in share.items() if total[name] > 1 and rate >= 0.6}
    return tuple(replace(turn, asks=True) if turn.speaker in askers else turn for turn in found)


def _is_transcript(counts: Counter[str], paragraphs: int) -> bool:
    """Whether labels repeat as they do in talk: two voices, one of them twice, or questions with answers."""
    total = sum(counts.values())
    if total < 2 or len(counts) < 2:
        return False
    repeated = max(counts.values()) >= 2
    questions = any(_ASKER.match(label) for label in counts)
    return (questions and total >= 2) or (repeated and total >= 3 and total * 12 >= paragraphs)


def _asker(head: str) -> str:
    match = _OUTLET.search(head[:3000])
    if match is None:
        return "interviewer"
    outlet = re.sub(r"\s+(?:television|channel|tv channel)$", "", match.group(1), flags=re.IGNORECASE)
    return f"{outlet} interviewer"


def _answerer(text: str, head: str) -> str:
    """Return who answers where turns are only called "Answer": the first full name above the talk, else in it."""
    for part in (head, text[:3000]):
        for named in find_names(part):
            if " " in named.name and named.title:
                return named.name
    full = [named.name for named in find_names(head) if " " in named.name]
    return full[0] if full else ""


def _clean(label: str) -> str:
    """Return the name in a label: without titles, brackets and capitals throughout."""
    bare = re.sub(r"\s*\([^)]*\)", "", label).strip(" *_")
    if bare.isupper() and len(bare) > 4:
        bare = bare.title()
    names = find_names(bare)
    return names[0].name if names and not _OFFICE.match(bare) else bare
