"""A small Slack on loopback that keeps messages, and faults to put before it or before another server.

Real sockets and real HTTP: what a client sees of a fault here is what it would see of it outside.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from block_rules import faults_of_blocks

Reply = tuple[int, Mapping[str, str], bytes]
Respond = Callable[[str, bytes, Mapping[str, str]], Reply]
TOKEN = "xoxb-test-secret-token"
SCOPES = "chat:write,channels:read,channels:history,groups:read,groups:history,files:write,commands"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with a request. `before`: it never arrives; `after`: it does, and the answer is lost or late."""

    kind: str  # status, body, code, reset_before, reset_after, slow_after
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def rate_limit(retry_after: str = "1") -> Fault:
    body = b'{"ok":false,"error":"ratelimited"}'
    return Fault(kind="status", status=429, body=body, headers={"Retry-After": retry_after})


def refusal(code: str) -> Fault:
    return Fault(kind="body", body=json.dumps({"ok": False, "error": code}).encode())


class Faults:
    """Queued faults first, by method; then random ones at the given rates, from a seed."""

    def __init__(self, rates: Mapping[str, float] | None = None, *, seed: int = 1, slow_s: float = 1.5) -> None:
        self.queued: dict[str, list[Fault | None]] = {}
        self.rates = dict(rates or {})
        self.met: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._slow_s = slow_s
        self._lock = threading.Lock()
        self.storm_until = 0.0

    def queue(self, method: str, *faults: Fault | None) -> None:
        self.queued.setdefault(method, []).extend(faults)

    def next(self, method: str) -> Fault | None:
        with self._lock:
            fault = self.queued[method].pop(0) if self.queued.get(method) else self._at_random()
            if fault:
                self.met[fault.kind if fault.status != 429 else "429"] += 1
            return fault

    def _at_random(self) -> Fault | None:
        if time.monotonic() < self.storm_until:
            return rate_limit("0.05")
        drawn = self._random.random()
        for kind, rate in self.rates.items():
            drawn -= rate
            if drawn < 0:
                return self._made(kind)
        return None

    def _made(self, kind: str) -> Fault:
        if kind == "storm":
            self.storm_until = time.monotonic() + 0.2
        if kind in ("429", "storm"):
            return rate_limit("0.05")
        if kind == "5xx":
            return Fault(kind="status", status=self._random.choice([500, 502, 503, 504]), body=b"<html>oops</html>")
        if kind == "5xx_after":
            return Fault(kind="lost_after", status=504, body=b"<html>gateway</html>")
        return Fault(kind=kind, seconds=self._slow_s)


class Peer:
    """An HTTP server on loopback that puts faults before `respond`. A context manager."""

    def __init__(self, respond: Respond, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.calls: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _handler(respond, self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class FakeSlack:
    """The workspace: channels with messages, as far as Walkback asks for it."""

    def __init__(self, *channels: str, scopes: str = SCOPES) -> None:
        self.channels: dict[str, dict[str, Any]] = {
            channel: {"id": channel, "name": channel.lower(), "is_member": True, "is_archived": False, "messages": []}
            for channel in channels
        }
        self.scopes = scopes
        self._lock = threading.Lock()
        self._clock = time.time()

    def respond(self, method: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"ok": False, "error": "invalid_auth"})
        if headers.get("Content-Type", "").startswith("application/json"):
            arguments = json.loads(body or b"{}")
        else:
            arguments = dict(parse_qsl(body.decode()))
        with self._lock:
            return self._json(getattr(self, method.replace(".", "_"))(arguments))

    def shown(self, channel: str) -> list[dict[str, Any]]:
        return self.channels[channel]["messages"]

    def keys(self) -> Counter[tuple[str, str]]:
        """How often each alert key stands in each channel."""
        return Counter(
            (channel, message["metadata"]["event_payload"]["alert_key"])
            for channel, details in self.channels.items()
            for message in details["messages"]
        )

    def _json(self, answer: dict[str, Any]) -> Reply:
        return 200, {"Content-Type": "application/json", "X-OAuth-Scopes": self.scopes}, json.dumps(answer).encode()

    def auth_test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user_id": "U1", "team_id": "T1"}

    def chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        channel = self.channels.get(arguments["channel"])
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if error := "is_archived" if channel["is_archived"] else "" if channel["is_member"] else "not_in_channel":
            return {"ok": False, "error": error}
        if "blocks" in arguments and any(True for _ in faults_of_blocks(arguments["blocks"])):
            return {"ok": False, "error": "invalid_blocks"}
        self._clock = max(time.time(), self._clock + 0.000002)
        message = {name: arguments.get(name) for name in ("text", "blocks", "metadata", "thread_ts")}
        message["ts"] = f"{self._clock:.6f}"
        channel["messages"].append(message)
        return {"ok": True, "channel": channel["id"], "ts": message["ts"]}

    def chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for message in self.shown(arguments["channel"]):
            if message["ts"] == arguments["ts"]:
                message.update({name: arguments[name] for name in ("text", "blocks", "metadata")})
                return {"ok": True, "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(arguments["channel"])
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        inside = [message for message in channel["messages"] if not message["thread_ts"]]
        return self._page([message for message in reversed(inside) if message["ts"] > arguments["oldest"]], arguments)

    def conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._page(
            [m for m in self.shown(arguments["channel"]) if arguments["ts"] in (m["ts"], m["thread_ts"])], arguments
        )

    def conversations_list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        asked = {"public_channel": "channels:read", "private_channel": "groups:read"}
        needed = {asked[kind] for kind in arguments["types"].split(",")}
        if not needed <= set(self.scopes.split(",")):
            told = {"needed": ",".join(sorted(needed)), "provided": self.scopes}
            return {"ok": False, "error": "missing_scope", **told}
        public = [{name: details[name] for name in ("id", "name")} for details in self.channels.values()]
        return self._page(public, arguments, "channels")

    def conversations_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(arguments["channel"])
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        return {"ok": True, "channel": {name: value for name, value in channel.items() if name != "messages"}}

    def _page(self, items: list[dict[str, Any]], arguments: dict[str, Any], name: str = "messages") -> dict[str, Any]:
        start, size = int(arguments.get("cursor") or 0), min(int(arguments["limit"]), 50)
        more = str(start + size) if start + size < len(items) else ""
        return {"ok": True, name: items[start : start + size], "response_metadata": {"next_cursor": more}}


def forward_to(address: str, tokens: Sequence[str], prefix: str = "/api/") -> Respond:
    """Return a `Respond` that hands each request to the server at `address` ("host:port"), in the name of each token in turn.

    Turns, since a server may count requests by token and hour, which a scaled hour would exceed.
    """
    turn = itertools.cycle(tokens)

    def respond(method: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            sent = {"Content-Type": headers.get("Content-Type", ""), "Authorization": f"Bearer {next(turn)}"}
            connection.request("POST", prefix + method, body, sent)
            answer = connection.getresponse()
            return answer.status, {"Content-Type": "application/json"}, answer.read()
        finally:
            connection.close()

    return respond


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves a broken pipe: nothing to tell."""


def _handler(respond: Respond, peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            method = urlsplit(self.path).path.rpartition("/")[2]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            peer.calls.append(method)
            fault = peer.faults.next(method)
            arrives = fault is None or fault.kind in ("reset_after", "slow_after", "lost_after")
            reply = respond(method, body, dict(self.headers)) if arrives else None
            if fault and fault.kind.startswith("reset"):
                self._reset()
                return
            if fault and fault.kind in ("status", "body", "lost_after"):
                reply = (fault.status, fault.headers, fault.body)
            if fault:
                time.sleep(fault.seconds)
            self._send(reply or (500, {}, b""))

        def _send(self, reply: Reply) -> None:
            status, headers, body = reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Requests are counted in `Peer.calls`, not printed."""

    return Handler
