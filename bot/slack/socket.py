"""The open line to Slack, and a watchdog on it: a line can look connected and be deaf."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin import SocketModeClient

from bot.slack.codes import advice_on

log = structlog.get_logger()

LONGEST_PAUSE_S = 60.0


class Socket:
    """Keeps one Socket Mode connection open, by a new client whenever the watchdog finds the present one deaf.

    The SDK's client reconnects by itself on close, on Slack's request and on missing pongs. The watchdog is for what is
    left: no greeting after the handshake, no pong although the client believes to be connected, its threads dead.

    Args:
        app: The Bolt app that answers envelopes.
        app_token: An app-level token (xapp-).
        ping_s: Seconds between pings.
        deaf_after_s: After how many seconds without a sign of life the connection is given up.
    """

    def __init__(self, app: App, app_token: str, *, ping_s: float = 5.0, deaf_after_s: float = 30.0) -> None:
        self._app = app
        self._token = app_token
        self._ping_s = ping_s
        self._deaf_after_s = deaf_after_s
        self._client: SocketModeClient | None = None
        self._heard = 0.0
        self._greeted = False
        self.connections = 0

    def serve(self, stop: threading.Event, beat: Callable[[], object], *, every_s: float = 1.0) -> None:
        """Keep the line open until `stop` is set; `beat` is called at least every `every_s` while nothing is wedged."""
        pause = 1.0
        while not stop.is_set():
            beat()
            if problem := self._problem():
                opened = self._renew(problem)
                pause = 1.0 if opened else min(pause * 2, LONGEST_PAUSE_S)
                self._wait(stop, beat, every_s if opened else pause)
            else:
                stop.wait(every_s)
        self._drop()

    def _wait(self, stop: threading.Event, beat: Callable[[], object], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            beat()
            stop.wait(min(left, 1.0))

    def _problem(self) -> str:
        """Return why the line must be opened anew, "" where it is well or mends itself."""
        client = self._client
        if client is None:
            return "not connected"
        session = client.current_session
        pong = session.last_ping_pong_time if session is not None else None
        # Wall-clock time of the SDK's pongs is only ever compared with itself: a change of it is a sign of life.
        if pong is not None and pong != self._last_pong:
            self._last_pong, self._heard = pong, time.monotonic()
        silent_s = time.monotonic() - self._heard
        if silent_s <= self._deaf_after_s:
            return ""
        return "no pong" if self._greeted else "no greeting"

    def _renew(self, problem: str) -> bool:
        """Open a new line in place of the present one; return whether that could be begun."""
        if self._client is not None:
            log.warning("slack_socket_deaf", problem=problem)
        self._drop()
        self._heard, self._greeted, self._last_pong = time.monotonic(), False, 0.0
        handler = SocketModeHandler(
            self._app, self._token, web_client=self._app.client, logger=self._app.logger, ping_interval=self._ping_s
        )
        client = handler.client
        client.on_message_listeners.append(self._hear)
        try:
            client.connect()
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            log.error("slack_socket_refused", reason=code, advice=_advice(code))  # noqa: TRY400  # the SDK's frames hold the token
            self._leave(client)
            return False
        except Exception as error:  # noqa: BLE001  # network faults come in every type, and their frames hold the token
            log.warning("slack_socket_not_opened", error=type(error).__name__)
            self._leave(client)
            return False
        self._client = client
        self.connections += 1
        log.info("slack_socket_open")
        return True

    def _hear(self, message: str) -> None:
        self._heard = time.monotonic()
        if '"hello"' in message:
            try:
                self._greeted = self._greeted or json.loads(message).get("type") == "hello"
            except (ValueError, AttributeError):
                return

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._leave(client)

    def _leave(self, client: SocketModeClient) -> None:
        """Close a client in a thread of its own: a wedged one may never come back from it."""
        threading.Thread(target=client.close, name="slack-socket-close", daemon=True).start()

    _last_pong: float = 0.0


def _advice(code: str) -> str:
    if code in {"invalid_auth", "not_authed", "token_revoked", "account_inactive", "not_allowed_token_type"}:
        return "Make an app-level token (xapp-) with connections:write, and set WALKBACK_SLACK_APP_TOKEN to it"
    return advice_on(code)
