"""Answers to people: in windows, on the Home tab, and in messages that only they see."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from slack_sdk.webhook import WebhookClient

from bot.ports import PostOutcome
from bot.slack import limits
from bot.slack.escape import mrkdwn
from bot.slack.parts import Block, section
from bot.slack.web import SlackWeb

log = structlog.get_logger()

TOO_LATE = "Slack keeps a window open for three seconds only, and this took longer. Please press once more."


class Answers:
    """Says things to people. What cannot be said is logged and not tried again: they will ask once more."""

    def __init__(self, web: SlackWeb, *, timeout_s: int = 8) -> None:
        self._web = web
        self._timeout_s = timeout_s

    def open(self, trigger: str, view: Block) -> str:
        """Open a window and return its identifier; "" where Slack did not, as after three seconds."""
        answer = self._web.write("views.open", {"trigger_id": trigger, "view": view})
        if isinstance(answer, PostOutcome):
            log.warning("slack_window_not_opened", reason=answer.reason)
            return ""
        shown = answer.data.get("view")
        return str(shown.get("id", "")) if isinstance(shown, dict) else ""

    def change(self, window: str, view: Block) -> None:
        """Put another content into a window that is open."""
        self._noted("views.update", {"view_id": window, "view": view})

    def home(self, user: str, view: Block) -> None:
        """Show somebody their Home tab."""
        self._noted("views.publish", {"user_id": user, "view": view})

    def whisper(self, channel: str, user: str, text: str, blocks: Sequence[Block] = ()) -> None:
        """Say something in a channel that only `user` sees; without a channel, to the user alone."""
        safe = mrkdwn(text, limits.FALLBACK) or "–"
        arguments = {"text": safe, "blocks": list(blocks) or [section(safe)]}
        if channel:
            self._noted("chat.postEphemeral", {**arguments, "channel": channel, "user": user})
        else:
            self._noted("chat.postMessage", {**arguments, "channel": user})

    def reply(self, url: str, text: str, blocks: Sequence[Block]) -> None:
        """Answer a command where it was typed, so that only who typed it sees it."""
        try:
            client = WebhookClient(url, timeout=self._timeout_s, retry_handlers=[], logger=self._web.quiet)
            answer = client.send(text=text, blocks=list(blocks), response_type="ephemeral")
        except Exception as error:  # noqa: BLE001  # the SDK lets every fault of the network through, each of its own type
            log.warning("slack_not_answered", error=type(error).__name__)
            return
        if answer.status_code != 200:
            log.warning("slack_not_answered", status=answer.status_code)

    def _noted(self, method: str, arguments: dict[str, object]) -> None:
        answer = self._web.write(method, arguments)
        if isinstance(answer, PostOutcome):
            log.warning("slack_not_answered", method=method, reason=answer.reason)
