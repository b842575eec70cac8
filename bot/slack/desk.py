"""The desk's conversation with the bot: a Bolt app over Socket Mode, which needs no public address.

Every envelope is acknowledged first and worked on afterwards, in bounded lanes; an envelope that comes twice is acknowledged
twice and worked on once.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult

from bot.ports import DeskDoor
from bot.slack import buttons, modals
from bot.slack.actions import Actions, person
from bot.slack.answers import Answers
from bot.slack.lanes import Lane
from bot.slack.socket import Socket
from bot.slack.web import SlackWeb

log = structlog.get_logger()

COMMAND = "/walkback"
BUSY = "Too much is waiting just now, so this was not done. Please try again in a minute."
_REMEMBERED = 2_000
_OURS = re.compile(re.escape(buttons.PREFIX))
_ANY = re.compile("")


class SlackDesk:
    """Listens to the desk.

    Args:
        web: Slack's Web API, with the bot token.
        app_token: An app-level token (xapp-).
        door: What it asks and tells.
        clock: What time it is.
        ping_s: Seconds between pings on the socket.
        deaf_after_s: After how many seconds without a sign of life the socket is opened anew.
        most_waiting: How much work may wait before more is refused.
    """

    def __init__(
        self,
        web: SlackWeb,
        app_token: str,
        door: DeskDoor,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ping_s: float = 5.0,
        deaf_after_s: float = 30.0,
        most_waiting: int = 200,
    ) -> None:
        self._answers = Answers(web)
        self._actions = Actions(door, self._answers, clock)
        self._clock = clock
        self._quick = Lane("quick", threads=3, most=most_waiting)
        self._slow = Lane("slow", threads=1, most=20)
        self._sorry = Lane("sorry", threads=1, most=50)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self.app = self._build(web)
        self.socket = Socket(self.app, app_token, ping_s=ping_s, deaf_after_s=deaf_after_s)

    def serve(self, stop: threading.Event, clock: Callable[[], datetime], *, every_s: float = 1.0) -> None:
        """Listen until `stop` is set; `clock` is asked as a sign of life."""
        lanes = (self._quick, self._slow, self._sorry)
        for lane in lanes:
            lane.start()
        try:
            self.socket.serve(stop, clock, every_s=every_s)
        finally:
            for lane in lanes:
                lane.stop()

    def _build(self, web: SlackWeb) -> App:
        """Return the Bolt app. Nothing in it asks Slack anything before the acknowledgement."""
        identity = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=web.client.token)
        app = App(
            name="walkback",
            logger=web.quiet,
            client=web.client,
            authorize=lambda: identity,
            token_verification_enabled=False,
            ignoring_self_events_enabled=False,
            # One who sends nothing but what is listened to here needs no more than that to be acknowledged.
            listener_executor=ThreadPoolExecutor(max_workers=10, thread_name_prefix="slack-ack"),
        )
        app.middleware(self._once)
        app.action(_OURS)(self._on_press)
        app.action(_ANY)(_on_nothing)
        app.view(_OURS)(self._on_send)
        app.command(COMMAND)(self._on_command)
        app.shortcut(buttons.CHECK)(self._on_check)
        app.event("app_home_opened")(self._on_home)
        return app

    def _once(self, body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002  # Bolt hands it over by this name
        """Let each envelope through once; one that Slack sends again is acknowledged and left at that."""
        key = str(body.get("trigger_id") or body.get("event_id") or "")
        view = body.get("view") or {}
        if body.get("type") == "view_submission":
            key = f"{key}:{view.get('id', '')}:{view.get('hash', '')}"
        with self._lock:
            if key and key in self._seen:
                log.info("slack_envelope_again")
                return BoltResponse(status=200)
            self._seen[key] = None
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return next()

    def _on_press(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._do("press", body, lambda: self._actions.press(body))

    def _on_send(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        wrong = modals.faults(str(view.get("callback_id", "")), view, self._clock().date())
        if wrong:
            ack(response_action="errors", errors=wrong)
            return
        ack()
        self._do("send", body, lambda: self._actions.send(body))

    def _on_command(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._do("command", body, lambda: self._actions.answer(body))

    def _on_check(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._do("check", body, lambda: self._actions.check(body, lambda job: self._slow.put("read", job)))

    def _on_home(self, event: dict[str, Any]) -> None:
        user = str(event.get("user") or "")
        if user and event.get("tab", "home") == "home":
            self._quick.put("home", lambda: self._actions.look(user))

    def _do(self, what: str, body: Mapping[str, Any], job: Callable[[], None]) -> None:
        """Let it be done soon, or say that it will not be; somebody who waits for nothing presses again and again."""
        if not self._quick.put(what, job):
            who, url = person(body), str(body.get("response_url") or "")
            if url:
                self._sorry.put("busy", lambda: self._answers.reply(url, BUSY, []))
            else:
                self._sorry.put("busy", lambda: self._answers.whisper(who.channel, who.user, BUSY))


def _on_nothing(ack: Ack) -> None:
    """Acknowledge what needs no answer, such as a button that is a link."""
    ack()
