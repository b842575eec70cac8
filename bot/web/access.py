"""Who may decide on the page: nobody, unless a token or a proxy that signs people in is configured. Reading needs neither."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import Request

from bot.core.safe_text import clean, cut

COOKIE = "walkback_session"
SESSION_S = 12 * 3600
LONGEST_NAME = 60
TRIES, WITHIN_S = 10, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """How people are known.

    `token` opens the sign-in, "" for none; `user_header` is what a proxy at `proxies` (CIDR) names them in.
    """

    token: str = ""
    user_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1/32", "::1/128")


class Access:
    """Knows who asks, and whether a form comes from this page."""

    def __init__(self, policy: AccessPolicy) -> None:
        self._policy = policy
        self._proxies = [ip_network(network, strict=False) for network in policy.proxies]
        # Sessions outlive a restart where there is a token; forms behind a proxy are loaded anew after one.
        self._key = hashlib.sha256(b"walkback page\0" + (policy.token.encode() or secrets.token_bytes(32))).digest()
        self._failures: deque[float] = deque(maxlen=TRIES)
        self._lock = threading.Lock()

    @property
    def has_sign_in(self) -> bool:
        """Whether people sign in here, with the token."""
        return bool(self._policy.token)

    @property
    def decides(self) -> bool:
        """Whether anybody can decide on this page at all."""
        return bool(self._policy.token or self._policy.user_header)

    def who(self, request: Request) -> str:
        """Return the name of whoever asks, "" for somebody who only reads."""
        return self._by_proxy(request) or self._by_session(request)

    def sign_in(self, name: str, token: str) -> str | None:
        """Return the session for the cookie, None where the token is wrong or was wrong too often within the minute."""
        name = cut(clean(name), LONGEST_NAME)
        with self._lock:
            now = time.monotonic()
            if len(self._failures) == TRIES and now - self._failures[0] < WITHIN_S:
                return None
            if (
                not name
                or not self._policy.token
                or not hmac.compare_digest(token.encode(), self._policy.token.encode())
            ):
                self._failures.append(now)
                return None
        body = f"{_encoded(name)}.{int(time.time()) + SESSION_S}"
        return f"{body}.{self._mac('session', body)}"

    def form_token(self, request: Request) -> str:
        """Return what a form of this person on this page carries."""
        return self._mac("form", self.who(request), request.cookies.get(COOKIE, ""))

    def is_own_form(self, request: Request, token: str) -> bool:
        """Whether a form was made by this page for this person."""
        return is_same_origin(request) and hmac.compare_digest(token.encode(), self.form_token(request).encode())

    def sealed(self, words: str) -> str:
        """Return `words` for a cookie, so that they cannot be other words when they come back."""
        body = _encoded(words)
        return f"{body}.{self._mac('words', body)}"

    def unsealed(self, cookie: str) -> str:
        """Return the words of `sealed`, "" for anything else."""
        body, _, mac = cookie.partition(".")
        return _decoded(body) if hmac.compare_digest(mac.encode(), self._mac("words", body).encode()) else ""

    def _by_proxy(self, request: Request) -> str:
        header = self._policy.user_header
        if not header or request.client is None:
            return ""
        try:
            peer = ip_address(request.client.host)
        except ValueError:
            return ""
        if not any(peer in network for network in self._proxies):
            return ""
        named = request.headers.getlist(header)
        # More than one is a proxy that lets through what it was sent.
        return cut(clean(named[0]), LONGEST_NAME) if len(named) == 1 else ""

    def _by_session(self, request: Request) -> str:
        name, _, rest = request.cookies.get(COOKIE, "").partition(".")
        until, _, mac = rest.partition(".")
        if not self._policy.token or not hmac.compare_digest(
            mac.encode(), self._mac("session", f"{name}.{until}").encode()
        ):
            return ""
        return _decoded(name) if until.isdigit() and int(until) > time.time() else ""

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that a form was sent from this very page; True where it says nothing of it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def is_known_host(host: str, allowed: Sequence[str]) -> bool:
    """Whether a Host header names this page, so that no other site's name can be pointed at it. `*` allows any."""
    name = urlsplit(f"//{host}").hostname or ""
    return "*" in allowed or name.lower() in allowed


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
