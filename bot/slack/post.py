"""Shows deliveries in Slack, and finds those again that may be there already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from bot.core.dispatch import Kind
from bot.domain import Delivery
from bot.errors import DeliveryFault, Fault
from bot.ports import Picture, PostOutcome, PostOutcomeKind
from bot.slack import upload
from bot.slack.blocks import EVENT_TYPE, message
from bot.slack.check import check
from bot.slack.codes import BAD_BLOCKS, advice_on
from bot.slack.web import SlackWeb

log = structlog.get_logger()

_IDENTIFIER = re.compile(r"[CDG][A-Z0-9]{5,}")
_NOT_THERE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_CLOCK_MARGIN = timedelta(minutes=10)
_PAGE = 200
_MOST_PAGES = 50
_MOST_PAGES_OF_CHANNELS = 10  # so that a post with all that goes before it takes less time than a claim holds


class SlackNotifier:
    """A `Notifier` that posts to Slack. Threads may share it.

    Args:
        token: A bot token.
        api_url: Where the Web API is, None for Slack itself.
        timeout_s: Patience with each call.
        buttons: Whether alerts have buttons, since somebody listens to them.
        draw: Draws the picture of a payload of that kind, None where there is nothing to draw.

    Raises:
        DeliveryFault: For a token or address that cannot be one.
    """

    def __init__(
        self,
        token: str,
        api_url: str | None = None,
        *,
        timeout_s: int = 8,
        buttons: bool = False,
        draw: Callable[[Mapping[str, object]], Picture | None] | None = None,
    ) -> None:
        self.web = self._web = SlackWeb(token, api_url=api_url, timeout_s=timeout_s)
        self._buttons = buttons
        self.draw = draw
        self._identifiers: dict[str, str] = {}

    def post(self, delivery: Delivery) -> PostOutcome:
        """Post one delivery. A reply first renews its parent's message, whose ref its payload has under "thread"."""
        channel = self._identifier(delivery.channel)
        if isinstance(channel, PostOutcome):
            return channel
        kind = delivery.payload.get("kind")
        if kind == Kind.RENEWAL:
            return self._show_anew(delivery, channel)
        if kind == Kind.PICTURE:
            return self._show_picture(delivery, channel)
        try:
            content = message(delivery.payload, delivery.alert_key, buttons=self._buttons)
        except ValueError as error:
            log.error("delivery_unreadable", delivery=delivery.id, problem=str(error))  # noqa: TRY400  # the text says it all
            return PostOutcome(kind=PostOutcomeKind.BUG, reason="unreadable_record")
        thread = _thread_of(delivery)
        if thread and (failed := self._renew(delivery, channel, thread)):
            return failed
        return self._send(channel, content, thread)

    def find(self, delivery: Delivery) -> str | None:
        """Return the ref of the message that carries this delivery's key, None where the channel has none since it was made.

        Raises:
            DeliveryFault: When Slack cannot be asked; its text is the reason.
        """
        if delivery.payload.get("kind") == Kind.RENEWAL:
            return None  # made twice is as good as once
        channel = self._identifier(delivery.channel)
        if isinstance(channel, PostOutcome):
            raise DeliveryFault(channel.reason, retry_after_s=channel.retry_after_s)
        oldest = (delivery.created_at or delivery.not_before) - _CLOCK_MARGIN
        for shown in self._messages(channel, f"{oldest.timestamp():.6f}", _thread_of(delivery)):
            metadata = shown.get("metadata") or {}
            if delivery.payload.get("kind") == Kind.PICTURE and upload.carries(shown, delivery.alert_key):
                return f"{channel}:{shown['ts']}"
            if (
                metadata.get("event_type") == EVENT_TYPE
                and (metadata.get("event_payload") or {}).get("alert_key") == delivery.alert_key
            ):
                return f"{channel}:{shown['ts']}"
        return None

    def verify(self) -> None:
        """Ask Slack whether it takes the token; where Slack cannot be reached that stays open, and is logged.

        Raises:
            DeliveryFault: When Slack refuses the token.
        """
        answer = self._web.read("auth.test", {})
        if not isinstance(answer, PostOutcome):
            return
        if answer.kind is PostOutcomeKind.MEND:
            raise DeliveryFault(f"Slack does not take the token: {answer.told}. {advice_on(answer.reason)}")
        log.warning("slack_not_verified", reason=answer.reason)

    def check(self, channels: Sequence[str]) -> list[Fault]:
        """Return what stands between the bot and `channels`: token, scopes, membership; empty where nothing does."""
        return check(self._web, {channel: self._identifier(channel) for channel in channels})

    def _send(self, channel: str, content: dict[str, object], thread: str) -> PostOutcome:
        arguments = {**content, "channel": channel, "unfurl_links": False, "unfurl_media": False}
        if thread:
            arguments["thread_ts"] = thread
        answer = self._web.write("chat.postMessage", arguments)
        if isinstance(answer, PostOutcome) and answer.reason in BAD_BLOCKS:
            log.error("blocks_refused", channel=channel, code=answer.reason)
            arguments.pop("blocks", None)  # better plain than not at all
            answer = self._web.write("chat.postMessage", arguments)
        if isinstance(answer, PostOutcome):
            return answer
        if not answer.data.get("ts"):
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="unreadable_answer")
        return PostOutcome(kind=PostOutcomeKind.POSTED, ref=f"{channel}:{answer.data['ts']}")

    def _renew(self, delivery: Delivery, channel: str, thread: str) -> PostOutcome | None:
        """Bring the parent's message up to date; return how that failed, None where it did not."""
        parent = delivery.payload.get("parent")
        if not isinstance(parent, Mapping):
            return None
        content = message(parent, str(parent.get("key", "")), buttons=self._buttons)
        answer = self._web.write("chat.update", {**content, "channel": channel, "ts": thread})
        if not isinstance(answer, PostOutcome):
            return None
        if answer.kind is PostOutcomeKind.DOUBTFUL:  # an update that was made twice is as good as one
            return PostOutcome(kind=PostOutcomeKind.RETRY, reason=answer.reason, retry_after_s=answer.retry_after_s)
        return answer

    def _show_anew(self, delivery: Delivery, channel: str) -> PostOutcome:
        """Bring an alert's message up to date; one that somebody deleted, or that stands in a digest, is as good as it is."""
        thread = _thread_of(delivery)
        failed = self._renew(delivery, channel, thread)
        if failed is not None and failed.reason not in _NOT_THERE:
            return failed
        return PostOutcome(
            kind=PostOutcomeKind.POSTED, ref=f"{channel}:{thread}", reason=failed.reason if failed else ""
        )

    def _show_picture(self, delivery: Delivery, channel: str) -> PostOutcome:
        """Put a picture into its alert's thread, or nothing where there is nothing to draw."""
        picture = self.draw(delivery.payload) if self.draw else None
        if picture is None:
            return PostOutcome(kind=PostOutcomeKind.POSTED, reason="nothing_to_draw")
        outcome = upload.share(self._web, picture, delivery.alert_key, channel, _thread_of(delivery))
        if outcome.kind is not PostOutcomeKind.MEND:
            return outcome
        # A picture is no reason to hold up a channel's alerts.
        log.error("picture_refused", channel=channel, reason=outcome.told, advice=advice_on(outcome.reason))
        return PostOutcome(kind=PostOutcomeKind.POSTED, reason=f"refused: {outcome.reason}")

    def _messages(self, channel: str, oldest: str, thread: str) -> Iterator[Mapping[str, Any]]:
        """Yield a channel's messages, or a thread's, from the newest page on, until `oldest`."""
        arguments: dict[str, object] = {
            "channel": channel,
            "limit": _PAGE,
            "oldest": oldest,
            "include_all_metadata": True,
        }
        if thread:
            arguments |= {"ts": thread}
        for _ in range(_MOST_PAGES):
            answer = self._web.read("conversations.replies" if thread else "conversations.history", arguments)
            if isinstance(answer, PostOutcome):
                raise DeliveryFault(answer.reason, retry_after_s=answer.retry_after_s)
            page = answer.data.get("messages") or []
            yield from page
            cursor = (answer.data.get("response_metadata") or {}).get("next_cursor")
            if not cursor or (not thread and page and float(page[-1]["ts"]) < float(oldest)):
                return
            arguments["cursor"] = cursor
        raise DeliveryFault("history_too_long")

    def _identifier(self, channel: str) -> str | PostOutcome:
        """Return a channel's identifier, asking Slack for that of a name; or why there is none."""
        name = channel.removeprefix("#")
        if not channel.startswith("#") and _IDENTIFIER.fullmatch(channel):
            return channel
        if name in self._identifiers:
            return self._identifiers[name]
        unseen = ""
        refused = self._look_for(name, "public_channel,private_channel")
        if refused and refused.reason == "missing_scope":
            # Without groups:read Slack refuses the question whole, and answers it for public channels alone.
            unseen = (
                f"no public channel has that name; for private ones {refused.detail or 'the app lacks groups:read'}"
            )
            refused = self._look_for(name, "public_channel")
        if refused:
            return _nothing_sent(refused)
        return self._identifiers.get(name) or PostOutcome(
            kind=PostOutcomeKind.MEND, reason="channel_not_found", detail=unseen
        )

    def _look_for(self, name: str, types: str) -> PostOutcome | None:
        """Learn the identifiers of channels until that of `name` is among them; return how Slack refused, None where it did not."""
        arguments: dict[str, object] = {"limit": 1000, "exclude_archived": True, "types": types}
        for _ in range(_MOST_PAGES_OF_CHANNELS):
            answer = self._web.read("conversations.list", arguments)
            if isinstance(answer, PostOutcome):
                return answer
            found = {str(item["name"]): str(item["id"]) for item in answer.data.get("channels") or []}
            self._identifiers |= found
            cursor = (answer.data.get("response_metadata") or {}).get("next_cursor")
            if name in found or not cursor:
                return None
            arguments["cursor"] = cursor
        return None


def _nothing_sent(outcome: PostOutcome) -> PostOutcome:
    """Return the outcome of a post that was not even tried since a question before it failed."""
    if outcome.kind is PostOutcomeKind.DOUBTFUL:
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason=outcome.reason, retry_after_s=outcome.retry_after_s)
    return outcome


def _thread_of(delivery: Delivery) -> str:
    """Return the timestamp of the message in whose thread the delivery goes, "" where it goes to the channel."""
    return str(delivery.payload.get("thread", "")).rpartition(":")[2]
