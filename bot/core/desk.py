"""What a desk may decide about an alert or a position, and how that is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.core.alert_words import day, minute
from bot.core.safe_text import clean, cut
from bot.domain import Holder, Position, Voice

UNDO_FOR = timedelta(days=1)
LONGEST_BASELINE = 600
LONGEST_MUTE = timedelta(days=366)
POLICY = "The desk's policy"
"""Who confirmed a shift that became the line by itself."""


class VerdictKind(StrEnum):
    """What the desk decides.

    A shift is real, is none, is another one; a position is quiet for a while, or is tracked; a statement does this to the line.
    """

    CONFIRM = "confirm"
    REJECT = "reject"
    MERGE = "merge"
    MUTE = "mute"
    TRACK = "track"
    LABEL = "label"


class RejectReason(StrEnum):
    """Why an alert was no shift."""

    CONSISTENT = "consistent"
    OTHER_SPEAKER = "other_speaker"
    OLD_NEWS = "old_news"
    MISREAD = "misread"


REASON_WORDS = {
    RejectReason.CONSISTENT: "within the line",
    RejectReason.OTHER_SPEAKER: "somebody else's stance",
    RejectReason.OLD_NEWS: "old news",
    RejectReason.MISREAD: "misread",
}
_DONE = {
    VerdictKind.CONFIRM: "confirmed this shift",
    VerdictKind.REJECT: "judged this no shift",
    VerdictKind.MERGE: "merged this into another shift",
    VerdictKind.MUTE: "muted this position",
    VerdictKind.TRACK: "tracked this position",
    VerdictKind.LABEL: "labelled this statement",
}
_SAYS = (
    r"(?:said|says|told|added|stated|wrote|announced|confirmed|insisted|stressed|explained|noted|argued|declared|"
    r"according to)"
)
_CLOSING = re.compile(rf"[,;]?\s+(?:[^,;.“”\"]{{2,80}}\s)?{_SAYS}\b[^“”\"]{{0,120}}$")
_OPENING = re.compile(
    rf"^[^,;“”\"]{{2,80}}\s{_SAYS}(?:\s(?:again|also|once more|repeatedly))?"
    r"(?:\s(?:reporters|journalists|parliament|deputies|the\s\w+))?"
    r"(?:\s(?:on|in|at)\s[^,“”\"]{2,40}?)?(?:\sthat\s|:\s*)"
)
_QUOTED = str.maketrans("", "", '“”"«»')


def told_before(kind: VerdictKind, *, by: str, at: datetime, reason: str = "", until: datetime | None = None) -> str:
    """Return who decided what and when: "Ada judged this no shift (old news) on 14 Jan 2026, 10:20 UTC."."""
    why = f" ({REASON_WORDS[RejectReason(reason)] if kind is VerdictKind.REJECT else reason})" if reason else ""
    span = f" until {minute(until)}" if until else ""
    return f"{by or 'Somebody'} {_DONE[kind]}{why}{span} on {minute(at)}."


def undo_refusal(*, at: datetime, now: datetime) -> str:
    """Return why a verdict of `at` can no longer be taken back at `now`, "" where it can."""
    if now - at <= UNDO_FOR:
        return ""
    return f"This was decided on {minute(at)}; a verdict can be taken back within a day. Edit the line instead."


def mute_refusal(*, now: datetime, until: datetime) -> str:
    """Return why a position cannot be muted until then, "" where it can."""
    if until <= now:
        return f"{minute(until)} is over already; choose a later end."
    if until - now > LONGEST_MUTE:
        return "A position can be muted for a year at most; to track it no longer, take it out of the positions."
    return ""


def draft_baseline(holder: str, words: str, *, names: tuple[str, ...] = ()) -> str:
    """Return a line on record drafted from a statement: one sentence that names the holder, without who said it to whom.

    A person is to read and mend it. `names` are further names of the holder.
    """
    text = " ".join(clean(words).split()).strip(" .,;:")
    for pattern in (_CLOSING, _OPENING):
        bare = pattern.sub("", text).translate(_QUOTED).strip(" .,;:")
        if len(bare.split()) >= 4:
            text = bare
    text = text.translate(_QUOTED)
    named = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in (holder, *names) if name)
    if not named:
        text = f"{clean(holder)}: {text}"
    return f"{cut(text[:1].upper() + text[1:], LONGEST_BASELINE - 1)}."


def source_of(*, outlet: str, title: str, url: str, published: date) -> str:
    """Return where a confirmed line is on record, in words with its address: "Wire, 14 Jan 2026: Title, https://…"."""
    head = f"{clean(outlet) or 'Report'}, {day(published)}"
    return ": ".join(part for part in (head, ", ".join(it for it in (clean(title), url) if it)) if part)


def details_of(position: Position) -> dict[str, Any]:
    """Return, for the ledger, what a position that no file has says beside its line; `holder_from` reads the holder back."""
    holder = position.holder
    return {
        "aliases": list(holder.aliases),
        "voices": [_voice_json(voice) for voice in holder.voices],
        "paraphrases": list(position.paraphrases),
        "channel": position.channel,
    }


def holder_from(name: str, details: Mapping[str, Any]) -> Holder:
    """Return the holder that `details_of` wrote down."""
    voices = tuple(_voice(item) for item in details.get("voices", ()))
    return Holder(name=name, aliases=tuple(details.get("aliases", ())), voices=voices)


def _voice_json(voice: Voice) -> dict[str, Any]:
    since, until = (moment.isoformat() if moment else None for moment in (voice.since, voice.until))
    return {"name": voice.name, "aliases": list(voice.aliases), "role": voice.role, "since": since, "until": until}


def _voice(item: Mapping[str, Any]) -> Voice:
    since, until = (date.fromisoformat(item[key]) if item.get(key) else None for key in ("since", "until"))
    return Voice(
        name=item["name"], aliases=tuple(item.get("aliases", ())), role=item.get("role", ""), since=since, until=until
    )
