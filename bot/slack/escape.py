"""The one way in which text from elsewhere enters a Slack message: as words, never as markup, mention, link or picture."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.core.alert_words import minute
from bot.core.safe_text import clean, cut
from bot.slack import limits

_CONTROL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKE = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})  # noqa: RUF001  # they only look like Slack's marks: that is the point
_PLAIN = str.maketrans({"&": "＆", "<": "‹", ">": "›"})  # noqa: RUF001  # whether a plain_text object unescapes is not documented
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_UNSAFE_IN_URL = re.compile(r"[\s<>|\"\\^`{}\x00-\x20\x7f-\uffff\U00010000-\U0010ffff]")
_USER_GROUP = re.compile(r"S[A-Z0-9]{2,20}")


def mrkdwn(text: str, limit: int = limits.SECTION) -> str:
    """Return `text` for a mrkdwn object: cleaned, cut at a sentence within `limit` as it goes out, with no live markup."""
    return _escape(cut(clean(text), limit, lambda part: limits.size(_escape(part))))


def plain(text: str, limit: int) -> str:
    """Return `text` for a plain_text object, where no markup is read."""
    return cut(clean(text).translate(_PLAIN), limit, limits.size)


def link(url: str, label: str, limit: int = limits.LABEL) -> str:
    """Return a link to an http or https address, or only the label where `url` is none, is too long or is not well formed.

    Characters outside ASCII and those that could end the link are percent-encoded; a host outside ASCII is not linked, since
    it can pass for another.
    """
    words = mrkdwn(label, limit)
    target = _target(url)
    return f"<{target}|{words}>" if target and words else words


def moment(when: datetime) -> str:
    """Return a time that Slack shows in the reader's own zone."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}}, {{time}}|{minute(when.astimezone(UTC))}>"


def user_group(identifier: str) -> str:
    """Return the mention of a user group that the desk configured, "" where the identifier is none."""
    return f"<!subteam^{identifier}>" if _USER_GROUP.fullmatch(identifier) else ""


def _escape(text: str) -> str:
    return _EDGE_UNDERSCORE.sub("＿", text.translate(_LOOKALIKE)).translate(_CONTROL)  # noqa: RUF001  # only looks like one


def _target(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        has_login = parts.username is not None
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or not host.isascii() or has_login:
        return ""
    if _UNSAFE_IN_URL.search(parts.netloc):
        return ""
    target = _UNSAFE_IN_URL.sub(lambda match: _percent(match[0]), url.strip()).replace("&", "&amp;")
    return target if limits.size(target) <= limits.URL else ""


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
