"""What holds for every answer: a number that joins it with the log, known hosts only, and headers that fence the page in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.access import is_known_host

log = structlog.get_logger()

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines, by whatever name or address they know the bot; nothing of the ledger's words is in them."""


class Guard:
    """Wraps the application.

    Args:
        app: What answers.
        hosts: The host names, in lower case, under which the page may be asked for; "*" for any.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = tuple(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started = secrets.token_hex(8), time.monotonic()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                headers["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            if scope["path"] not in OPEN and not is_known_host(Headers(scope=scope).get("host", ""), self._hosts):
                words = "This page is not known by that name. WALKBACK_WEB_HOSTS lists the names that it answers to.\n"
                await PlainTextResponse(words, status_code=421)(scope, receive, sending)
            else:
                await self._answer(scope, receive, sending, begun=lambda: status != 0)
            told = log.debug if scope["path"] in OPEN else log.info
            took = round((time.monotonic() - started) * 1000)
            told("page_served", method=scope["method"], path=scope["path"][:200], status=status, took_ms=took)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, begun: Callable[[], bool]) -> None:
        try:
            await self._app(scope, receive, send)
        except (
            Exception
        ):  # the boundary of a request; the application has told and logged it where the answer has begun
            if not begun():
                raise
