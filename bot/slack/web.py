"""The one door to Slack's Web API: a call goes out once, and comes back as an answer or as how it failed."""

from __future__ import annotations

import errno
import http.client
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import URLError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.core.dispatch import RATE_LIMITED
from bot.errors import DeliveryFault
from bot.ports import PostOutcome, PostOutcomeKind
from bot.slack.codes import outcome_of

log = structlog.get_logger()

_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")
_SCOPE = re.compile(r"[a-z][a-z0-9_.:-]{1,40}")
_NEVER_LEFT = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
_LONGEST_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Slack said with ok:true, and the scopes of the token, where it names them."""

    data: Mapping[str, Any]
    scopes: frozenset[str] = frozenset()


class SlackWeb:
    """Calls Slack without ever repeating a call: whether to repeat is decided where it is known what a repeat would show.

    The SDK's own retries are off, and so is its log (`quiet`), which would quote bodies. `client` is for what brings its own
    way of calling.

    Args:
        token: A bot token.
        api_url: Where the Web API is, None for Slack itself.
        timeout_s: Patience with the connection and with each read.

    Raises:
        DeliveryFault: For a token or address that cannot be one. The text does not contain the token.
    """

    def __init__(self, token: str, *, api_url: str | None = None, timeout_s: int = 8) -> None:
        if not re.fullmatch(r"[\x21-\x7e]+", token.strip()):
            raise DeliveryFault(
                "the Slack token is empty or has characters that no token has; set WALKBACK_SLACK_TOKEN again"
            )
        if api_url is not None and not api_url.startswith(("http://", "https://")):
            raise DeliveryFault("WALKBACK_SLACK_API_URL must begin with http:// or https://")
        quiet = logging.getLogger("bot.slack.sdk")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        self.quiet = quiet
        self.client = self._client = WebClient(
            token=token,
            base_url=api_url or WebClient.BASE_URL,
            timeout=timeout_s,
            retry_handlers=[],
            logger=quiet,
            user_agent_prefix="walkback",
        )

    def write(self, method: str, arguments: Mapping[str, object]) -> Answer | PostOutcome:
        """Call a method that takes JSON (chat.*)."""
        return self._call(method, document=dict(arguments))

    def read(self, method: str, arguments: Mapping[str, object]) -> Answer | PostOutcome:
        """Call a method that takes a form (conversations.*, auth.test)."""
        return self._call(method, form=dict(arguments))

    def _call(  # noqa: PLR0911  # the one table of what a library's errors mean here
        self, method: str, *, document: dict[str, object] | None = None, form: dict[str, object] | None = None
    ) -> Answer | PostOutcome:
        try:
            response = self._client.api_call(method, json=document, params=form)
        except SlackApiError as error:
            return _refusal(error)
        except URLError as error:
            return _unreached(error.reason)
        except TimeoutError:
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="timed_out")
        except (OSError, http.client.HTTPException):
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="dropped")
        except Exception as error:  # noqa: BLE001  # the SDK's frames hold the token: no traceback of theirs leaves here
            # It falls over a body that is no JSON object, is nested too deep, or is not in the charset that it claims.
            log.warning("slack_answer_unreadable", method=method, error=type(error).__name__)
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="unreadable_answer")
        if not isinstance(response.data, dict):
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="unreadable_answer")
        return Answer(data=response.data, scopes=_scopes(response.headers))


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, within [0, 3600]; None where it is missing or senseless."""
    if value is None:
        return None
    try:
        asked = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        asked = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(asked, 0.0), _LONGEST_RETRY_AFTER_S) if asked == asked else None  # noqa: PLR0124  # NaN is not itself


def _refusal(error: SlackApiError) -> PostOutcome:
    response = error.response
    headers = {str(name).lower(): value for name, value in response.headers.items()}
    pause_s = retry_after_s(_first(headers.get("retry-after")), datetime.now(UTC))
    if response.status_code == http.client.TOO_MANY_REQUESTS:
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason=RATE_LIMITED, retry_after_s=pause_s)
    code = str(response.data.get("error", "")) if isinstance(response.data, dict) else ""
    if response.status_code >= http.client.INTERNAL_SERVER_ERROR:
        return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason=f"http_{response.status_code}", retry_after_s=pause_s)
    if _CODE.fullmatch(code):
        return outcome_of(code, retry_after_s=pause_s, detail=_wanted_scopes(response.data))
    if response.status_code == http.client.OK:
        return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason="unreadable_answer")
    return PostOutcome(kind=PostOutcomeKind.MEND, reason="no_response_from_slack")


def _wanted_scopes(answer: Mapping[str, object]) -> str:
    """Return in words which scopes Slack asks for and which the token has, "" where the answer names none."""
    needed, provided = (
        [scope for word in str(answer.get(name) or "").split(",") if _SCOPE.fullmatch(scope := word.strip())]
        for name in ("needed", "provided")
    )
    if not needed:
        return ""
    asked = ", ".join([scope for scope in needed if scope not in provided] or needed)
    return f"Slack asks for {asked}; the token has {', '.join(provided) or 'no scopes'}"


def _unreached(reason: object) -> PostOutcome:
    """Return how a call ended that failed before or while it was sent; only a connection never made took nothing along."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return PostOutcome(kind=PostOutcomeKind.MEND, reason="certificate")
    if isinstance(reason, socket.gaierror) or (isinstance(reason, OSError) and reason.errno in _NEVER_LEFT):
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason="unreachable")
    return PostOutcome(
        kind=PostOutcomeKind.DOUBTFUL, reason="timed_out" if isinstance(reason, TimeoutError) else "dropped"
    )


def _scopes(headers: Mapping[str, object]) -> frozenset[str]:
    named = next((_first(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return frozenset(scope.strip() for scope in (named or "").split(",") if scope.strip())


def _first(value: object) -> str | None:
    """Return a header's text; the SDK hands out plain texts or lists of them."""
    if isinstance(value, list | tuple):
        return str(value[0]) if value else None
    return None if value is None else str(value)
