"""Pictures in threads: uploaded, shared once, and found again by the mark that they carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from bot.ports import Picture, PostOutcome, PostOutcomeKind
from bot.slack.escape import mrkdwn
from bot.slack.parts import section
from bot.slack.web import SlackWeb

log = structlog.get_logger()

_MARK = "walkback-"
LONGEST_ALT = 1000
LONGEST_TITLE = 200
_NOT_SHOWN = {"too_early", "file_not_found", "file_update_failed", "posting_to_channel_denied"}


def share(
    web: SlackWeb, picture: Picture, key: str, channel: str, thread: str, *, timeout_s: float = 8.0
) -> PostOutcome:
    """Put a picture into a thread. Only the last of its three steps shows anything; whatever fails before can be repeated."""
    name = f"{_MARK}{key}.png"
    details = {"filename": name, "length": len(picture.png), "alt_txt": picture.alt[:LONGEST_ALT]}
    place = web.read("files.getUploadURLExternal", details)
    if isinstance(place, PostOutcome):
        return _repeatable(place)
    address, identifier = str(place.data.get("upload_url", "")), str(place.data.get("file_id", ""))
    if not identifier or urlsplit(address).scheme not in ("https", "http"):
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason="unreadable_answer")
    if failed := _send(address, picture.png, timeout_s):
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason=failed)
    shown = section(mrkdwn(picture.alt, 1500) or "A picture") | {"block_id": f"{_MARK}{key}"}
    answer = web.write(
        "files.completeUploadExternal",
        {
            "files": [{"id": identifier, "title": picture.title[:LONGEST_TITLE]}],
            "channel_id": channel,
            "thread_ts": thread,
            "blocks": [shown],
        },
    )
    if isinstance(answer, PostOutcome):
        return _repeatable(answer) if answer.reason in _NOT_SHOWN else answer
    return PostOutcome(kind=PostOutcomeKind.POSTED, ref=f"{channel}:{identifier}")


def carries(message: Mapping[str, Any], key: str) -> bool:
    """Whether a message shows the picture with this key: by the name of its file, or by the block that came with it."""
    mark = f"{_MARK}{key}"
    named = any(re.match(rf"{re.escape(mark)}\b", str(file.get("name", ""))) for file in message.get("files") or ())
    return named or any(block.get("block_id") == mark for block in message.get("blocks") or ())


def _send(address: str, png: bytes, timeout_s: float) -> str:
    """Hand the bytes over; return why that failed, "" where it did not."""
    try:
        answer = httpx.post(
            address, content=png, headers={"Content-Type": "application/octet-stream"}, timeout=timeout_s
        )
    except httpx.HTTPError as error:
        return f"upload_{type(error).__name__}"
    return "" if answer.is_success else f"upload_http_{answer.status_code}"


def _repeatable(outcome: PostOutcome) -> PostOutcome:
    """Return the outcome of a step that showed nothing: what may have come through can be repeated without harm."""
    if outcome.kind is PostOutcomeKind.DOUBTFUL or outcome.reason in _NOT_SHOWN:
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason=outcome.reason, retry_after_s=outcome.retry_after_s)
    return outcome
