"""What people do in Slack, as Slack tells it, and a door that answers from memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from bot.ports import (
    AlertSheet,
    Choice,
    DeskSheet,
    FeedSheet,
    Finding,
    History,
    LineSheet,
    Reading,
    Told,
    Wish,
    WishKind,
)

AT = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def user(name: str) -> dict[str, str]:
    return {"id": f"U0{name.upper()}", "username": name, "name": name, "team_id": "T1"}


def press(
    action: str,
    value: str = "",
    *,
    by: str = "ada",
    channel: str = "C0DESK1",
    trigger: str = "",
    chosen: str = "",
    **more: object,
) -> dict[str, Any]:
    done: dict[str, Any] = {"type": "button", "value": value}
    if chosen:
        done = {"type": "static_select", "selected_option": {"value": chosen}}
    body: dict[str, Any] = {
        "type": "block_actions",
        "user": user(by),
        "team": {"id": "T1"},
        "api_app_id": "A1",
        "trigger_id": trigger or f"trigger-{next(_numbers)}",
        "actions": [{**done, "action_id": action, "block_id": "b1", "action_ts": "1.1"}],
    }
    return body | ({"channel": {"id": channel, "name": "desk"}} if channel else {}) | more


def sent(view: Mapping[str, Any], values: Mapping[str, str], *, by: str = "ada") -> dict[str, Any]:
    fields = {"since": "selected_date"}
    choices = {"reason", "into"}
    state: dict[str, Any] = {}
    for name, value in values.items():
        chosen = {"selected_option": {"value": value}} if name in choices else {fields.get(name, "value"): value}
        state[name] = {name: chosen}
    shown = {**view, "state": {"values": state}}
    return {
        "type": "view_submission",
        "user": user(by),
        "team": {"id": "T1"},
        "trigger_id": f"trigger-{next(_numbers)}",
        "view": shown,
    }


def typed(text: str, *, by: str = "ada", channel: str = "C0DESK1", url: str = "") -> dict[str, Any]:
    return {
        "command": "/walkback",
        "text": text,
        "user_id": f"U0{by.upper()}",
        "user_name": by,
        "channel_id": channel,
        "team_id": "T1",
        "response_url": url,
        "trigger_id": f"trigger-{next(_numbers)}",
    }


def chosen(text: str, *, by: str = "ada") -> dict[str, Any]:
    return {
        "type": "message_action",
        "callback_id": "wb.check",
        "user": user(by),
        "team": {"id": "T1"},
        "channel": {"id": "C0DESK1"},
        "trigger_id": f"trigger-{next(_numbers)}",
        "message_ts": "1.1",
        "message": {"type": "message", "text": text},
    }


def home_opened(by: str = "ada") -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": f"Ev{next(_numbers)}",
        "event": {"type": "app_home_opened", "user": f"U0{by.upper()}", "tab": "home", "channel": "D1"},
    }


def alert_sheet(**changes: Any) -> AlertSheet:
    values: dict[str, Any] = {
        "key": "k1",
        "position_id": "ru-nato",
        "headline": "Russia softens on Ukraine's NATO membership",
        "baseline": "Russia rejects any membership of Ukraine in NATO.",
        "since": date(2024, 12, 26),
        "words": "Moscow could live with a twenty-year pause in the accession talks.",
        "opened_at": AT,
        "draft": "Russia could live with Ukraine in NATO after a pause of twenty years.",
        "same_as": (Choice(value="k0", label="3 Jan 2026: Moscow could wait ten years"),),
    }
    return AlertSheet(**values | changes)


def line_sheet(**changes: Any) -> LineSheet:
    values: dict[str, Any] = {
        "id": "ru-nato",
        "holder": "Russia",
        "topic": "Ukraine's NATO membership",
        "baseline": "Russia rejects any membership of Ukraine in NATO.",
        "since": date(2024, 12, 26),
        "revision": 2,
        "last_shift": "Russia softens on Ukraine's NATO membership",
        "last_shift_at": AT,
        "trend": (None, 1, None, -1, 0, None, None, None, 2, None, None, 1),
        "quiet_days": 0,
    }
    return LineSheet(**values | changes)


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "headline": "Russia softens on Ukraine's NATO membership",
        "words": "Moscow might perhaps live with some pause, an official said.",
        "probability": 0.27,
        "decision": "digest",
        "reason": "near miss: shift at 0.27, threshold 0.30",
        "url": "https://wire.example.com/a?b=1&c=2",
        "outlet": "Example Wire",
        "at": AT,
    }
    return Finding(**values | changes)


def desk_sheet(**changes: Any) -> DeskSheet:
    values: dict[str, Any] = {
        "lines": (line_sheet(), line_sheet(id="de-pipes", holder="Germany", topic="gas pipelines", last_shift="")),
        "feeds": (
            FeedSheet(name="Example Wire", last_success_at=AT),
            FeedSheet(name="Down Daily", problem="the server answered 503 (4 times in a row)", last_success_at=AT),
        ),
        "open_alerts": (alert_sheet(),),
        "review": (finding(id="a1", line="Russia rejects any membership of Ukraine in NATO."),),
        "articles_today": 112,
    }
    return DeskSheet(**values | changes)


@dataclass
class Door:
    """A `DeskDoor` that remembers what it was asked. One verdict stands for each subject, as in the store."""

    wishes: list[Wish] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    sheet: AlertSheet | None = field(default_factory=alert_sheet)
    gate: threading.Event | None = None
    _standing: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, wish: Wish, now: datetime) -> Told:
        if self.gate:
            assert self.gate.wait(60)
        with self._lock:
            self.wishes.append(wish)
            first = self._standing.setdefault(wish.subject, wish.by) if wish.kind is not WishKind.UNDO else wish.by
        if first != wish.by:
            return Told(done=False, told=f"{first} confirmed this shift on 14 Jan 2026, 12:00 UTC.")
        return Told(done=True, told=f"{wish.by} did {wish.kind.value}.", verdict=f"v-{wish.subject}")

    def alert(self, key: str, now: datetime) -> AlertSheet | None:
        return self.sheet

    def desk(self, now: datetime) -> DeskSheet:
        return desk_sheet()

    def why(self, link: str, now: datetime) -> Reading:
        return Reading(title="Moscow open to a pause", url=link, findings=(finding(),))

    def check(self, text: str, now: datetime) -> Reading:
        self.checked.append(text)
        return Reading(title="", findings=(finding(decision="alert", probability=0.9),))

    def history(self, position_id: str, now: datetime) -> History | None:
        lines = ((date(2026, 1, 14), "It could live with a pause."), (date(2024, 12, 26), "It rejects any."))
        return History(line=line_sheet(), lines=lines, findings=(finding(),)) if position_id == "ru-nato" else None
