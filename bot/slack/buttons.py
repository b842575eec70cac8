"""What can be pressed under an alert, what was pressed, and the names by which presses come back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.card import Card
from bot.core.desk import VerdictKind
from bot.core.marks import Mark, settled
from bot.slack.escape import mrkdwn
from bot.slack.parts import Block, actions, button, context

PREFIX = "wb."
CONFIRM, REJECT, SAME = "wb.confirm", "wb.reject", "wb.same"
MUTE, UNMUTE, TIMELINE = "wb.mute", "wb.unmute", "wb.timeline"
UNDO, TRACK, REFRESH, CHECK = "wb.undo", "wb.track", "wb.refresh", "wb.check"
LABEL = "wb.label"
_SIGNS = {
    VerdictKind.CONFIRM: "✅",
    VerdictKind.REJECT: "🚫",
    VerdictKind.MERGE: "🔗",
    VerdictKind.MUTE: "🔇",
    VerdictKind.TRACK: "📌",
}


def decided(marks: Sequence[Mark]) -> list[Block]:
    """Return what was done to an alert and by whom, a line each, with what can be taken back as a button beside it."""
    blocks: list[Block] = []
    for mark in marks:
        told = mrkdwn(mark.told, 700)
        if mark.undone:
            blocks.append(context(f"{_SIGNS.get(mark.kind, '✏️')} ~{told}~ Taken back by {mrkdwn(mark.undone, 80)}."))
        else:
            blocks.append(context(f"{_SIGNS.get(mark.kind, '✏️')} {told}"))
    return blocks


def under(card: Card, marks: Sequence[Mark]) -> list[Block]:
    """Return the buttons of an alert: what can still be decided, and what can be taken back."""
    elements: list[Block] = []
    if card.key and not settled(marks):
        elements += [
            button("Confirm shift", CONFIRM, card.key, style="primary", hint="Confirm this shift and edit the line"),
            button("Not a shift", REJECT, card.key, hint="Say why this is not a shift"),
            button("Same as…", SAME, card.key, hint="Merge this into another shift"),
        ]
    if card.position_id:
        if not any(mark.kind is VerdictKind.MUTE and not mark.undone for mark in marks):
            elements.append(button("Mute 24 h", MUTE, card.position_id, hint="Mute this position for 24 hours"))
        elements.append(button("Open timeline", TIMELINE, card.position_id, hint="Open the timeline of this position"))
    elements += [
        button(_UNDO_LABEL.get(mark.kind, "Undo"), f"{UNDO}.{number}", mark.verdict_id)
        for number, mark in enumerate(marks)
        if mark.verdict_id and not mark.undone
    ]
    return [actions(*elements)] if elements else []


_UNDO_LABEL = {
    VerdictKind.CONFIRM: "Undo confirmation",
    VerdictKind.REJECT: "Undo “not a shift”",
    VerdictKind.MERGE: "Undo merge",
    VerdictKind.MUTE: "Undo mute",
    VerdictKind.TRACK: "Undo tracking",
}
