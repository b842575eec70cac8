"""What follows a press, a window that was sent, a command, a shortcut, or a look at the Home tab.

Everything here runs after the acknowledgement, in a lane. Payloads are Slack's; what they lack is taken as "".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import Relation
from bot.ports import AlertSheet, DeskDoor, Told, Wish, WishKind
from bot.slack import buttons, command, modals
from bot.slack.answers import TOO_LATE, Answers
from bot.slack.escape import mrkdwn
from bot.slack.home import home
from bot.slack.parts import Block, actions, button, section

GONE = "This alert is not on file any more."
NOT_TRACKED = "This position is not tracked any more."
STALE = "This button is of an earlier version of Walkback."
NO_LINK = "Please give the article's link: `/walkback why https://…`"
NO_POSITION = "Please name a position: `/walkback mute POSITION 24`. `/walkback positions` lists them."
NO_TEXT = "This message has no text to check."
READING = "Reading it as an article is read. This takes some seconds."
LONGEST_TEXT = 20_000
_ON_SHEET = {buttons.CONFIRM: modals.confirm, buttons.REJECT: modals.reject, buttons.SAME: modals.same}
_SENT = {
    buttons.CONFIRM: (WishKind.CONFIRM, "wording", modals.WORDING),
    buttons.REJECT: (WishKind.REJECT, "reason", modals.REASON),
    buttons.SAME: (WishKind.MERGE, "into", modals.INTO),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who acts, and where: `by` is the name that others read, `channel` is "" outside of one."""

    user: str
    by: str
    channel: str = ""


def person(body: Mapping[str, Any]) -> Person:
    """Return who sent a payload of any kind."""
    user = body.get("user") or {}
    identifier = str(user.get("id") or body.get("user_id") or "")
    name = str(user.get("username") or user.get("name") or body.get("user_name") or identifier)
    channel = str((body.get("channel") or {}).get("id") or body.get("channel_id") or "")
    return Person(user=identifier, by=f"@{name}", channel=channel)


class Actions:
    """Carries out what people ask for. Nothing here raises for what people or Slack do; what does is a bug of ours."""

    def __init__(self, door: DeskDoor, answers: Answers, clock: Callable[[], datetime]) -> None:
        self._door = door
        self._answers = answers
        self._clock = clock

    def press(self, body: Mapping[str, Any]) -> None:
        """Do what the pressed button says."""
        who, trigger = person(body), str(body.get("trigger_id") or "")
        pressed: Mapping[str, Any] = next(iter(body.get("actions") or ()), {})
        name, value = str(pressed.get("action_id", "")), str(pressed.get("value", ""))
        if name in _ON_SHEET:
            self._decide(name, value, who, trigger)
        elif name == buttons.TIMELINE:
            self._timeline(value, who, trigger)
        elif name == buttons.TRACK:
            self._open(trigger, modals.track(self._clock().date(), who.channel), who)
        elif name == buttons.MUTE:
            self._act(Wish(kind=WishKind.MUTE, by=who.by, subject=value), who)
        elif name == buttons.UNMUTE:
            self._act(Wish(kind=WishKind.UNMUTE, by=who.by, subject=value), who)
        elif name.startswith(buttons.UNDO):
            self._act(Wish(kind=WishKind.UNDO, by=who.by, subject=value), who)
        elif name == buttons.LABEL:
            self._label(str((pressed.get("selected_option") or {}).get("value", "")), who)
        elif name == buttons.REFRESH:
            self.look(who.user)
        else:
            self._answers.whisper(who.channel, who.user, STALE)

    def send(self, body: Mapping[str, Any]) -> None:
        """Do what a window that was sent says. What is written there has been looked at (`modals.faults`)."""
        view = body.get("view") or {}
        memory, values, callback = modals.memory_of(view), modals.written(view), str(view.get("callback_id", ""))
        asker = person(body)
        who = Person(user=asker.user, by=asker.by, channel=memory.channel)
        if callback in _SENT:
            kind, field, name = _SENT[callback]
            said: dict[str, Any] = {field: values.get(name, "")}
            self._act(Wish(kind=kind, by=who.by, subject=memory.subject, **said), who)
        elif callback == buttons.TRACK:
            line = modals.new_line(values, self._clock().date())
            self._act(Wish(kind=WishKind.TRACK, by=who.by, line=line), who)

    def answer(self, body: Mapping[str, Any]) -> None:
        """Answer /walkback."""
        asked, who, now = command.asked(str(body.get("text") or "")), person(body), self._clock()
        url = str(body.get("response_url") or "")
        if asked.name == "track":
            window = modals.track(now.date(), who.channel, holder=asked.rest)
            self._open(str(body.get("trigger_id") or ""), window, who)
            return
        text, blocks = self._answer_to(asked, who, now)
        self._answers.reply(url, text, blocks)

    def check(self, body: Mapping[str, Any], later: Callable[[Callable[[], None]], bool]) -> None:
        """Open a window about a message's text, and let it be read `later`, which says whether it will be."""
        who = person(body)
        text = str((body.get("message") or {}).get("text") or "").strip()[:LONGEST_TEXT]
        window = self._open(
            str(body.get("trigger_id") or ""), modals.waiting("Check this text", READING if text else NO_TEXT), who
        )
        if not text or not window:
            return
        read = later(lambda: self._answers.change(window, modals.reading(self._door.check(text, self._clock()))))
        if not read:
            self._answers.change(window, modals.told("Check this text", "Too much is waiting. Please try again later."))

    def look(self, user: str) -> None:
        """Show somebody their Home tab as it is now."""
        now = self._clock()
        self._answers.home(user, home(self._door.desk(now), now))

    def _decide(self, name: str, key: str, who: Person, trigger: str) -> None:
        """Open the window of a decision, or say who has decided already."""
        sheet: AlertSheet | None = self._door.alert(key, self._clock())
        if sheet is None or sheet.standing:
            self._answers.whisper(who.channel, who.user, sheet.standing if sheet else GONE)
            return
        self._open(trigger, _ON_SHEET[name](sheet, who.channel), who)

    def _label(self, chosen: str, who: Person) -> None:
        """File what was chosen of a statement, as ID=RELATION."""
        subject, _, name = chosen.partition("=")
        if not subject or name not in set(Relation):
            self._answers.whisper(who.channel, who.user, STALE)
            return
        self._act(Wish(kind=WishKind.LABEL, by=who.by, subject=subject, relation=Relation(name)), who, undoes=True)

    def _timeline(self, position_id: str, who: Person, trigger: str) -> None:
        found = self._door.history(position_id, self._clock())
        self._open(trigger, modals.history(found) if found else modals.told("Timeline", NOT_TRACKED), who)

    def _open(self, trigger: str, window: Block, who: Person) -> str:
        identifier = self._answers.open(trigger, window)
        if not identifier:
            self._answers.whisper(who.channel, who.user, TOO_LATE)
        return identifier

    def _act(self, wish: Wish, who: Person, *, undoes: bool = False) -> None:
        """Carry a wish out, and tell whoever had it what came of it; the alert's message shows it to all.

        With `undoes` the answer has the button that takes it back, where no message of an alert will have it.
        """
        told = self._door.act(wish, self._clock())
        blocks: list[Block] = []
        if undoes and told.verdict:
            undo = button("Undo label", f"{buttons.UNDO}.0", told.verdict)
            blocks = [section(mrkdwn(told.told) or "–"), actions(undo)]
        self._answers.whisper(who.channel, who.user, told.told, blocks)
        if not who.channel:
            self.look(who.user)

    def _answer_to(  # noqa: PLR0911  # a table: one line for each word
        self, asked: command.Asked, who: Person, now: datetime
    ) -> tuple[str, list[Block]]:
        match asked.name:
            case "status":
                return "How everything stands", command.status(self._door.desk(now), now)
            case "positions":
                return "What is tracked", command.positions(self._door.desk(now), asked.rest, now)
            case "mute" if not asked.rest:
                return "What is muted", command.muted(self._door.desk(now), now)
            case "mute":
                position, hours = command.mute_of(asked.rest)
                wish = Wish(kind=WishKind.MUTE, by=who.by, subject=position, hours=hours)
                return _said(self._door.act(wish, now))
            case "unmute" if asked.rest:
                return _said(self._door.act(Wish(kind=WishKind.UNMUTE, by=who.by, subject=asked.rest), now))
            case "unmute":
                return NO_POSITION, [section(NO_POSITION)]
            case "test":
                return _said(self._door.act(Wish(kind=WishKind.TEST, by=who.by), now))
            case "why":
                link = modals.link_in(asked.rest)
                if not link:
                    return NO_LINK, [section(NO_LINK)]
                return "What became of it", modals.reading_blocks(self._door.why(link, now))
            case _:
                return "What /walkback can do", [section(command.HELP)]


def _said(told: Told) -> tuple[str, list[Block]]:
    safe = mrkdwn(told.told) or "–"
    return safe, [section(safe)]
