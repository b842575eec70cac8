"""Slack as a conversation sees it, on loopback: Socket Mode over a real WebSocket, and the Web API's windows and whispers.

What the client sees of a lost, deaf or slow line here is what it would see of it outside.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from block_rules import faults_of_blocks, faults_of_view
from slack_peer import TOKEN, FakeSlack, Peer, Reply

APP_TOKEN = "xapp-test-secret-token"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


@dataclass(kw_only=True)
class Line:
    """One WebSocket connection. `deaf` answers no pings."""

    sock: socket.socket
    deaf: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", min(size, 65535))
        if size > 65535:
            length = b"\x7f" + struct.pack("!Q", size)
        head = bytes([0x80 | opcode]) + length
        with self.lock:
            self.sock.sendall(head + payload)

    def close(self) -> None:
        self.sock.close()

    def drop(self) -> None:
        """Break the connection as a network does that goes away."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class SocketServer:
    """A WebSocket server that speaks Socket Mode. A context manager."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.lines: queue.Queue[Line] = queue.Queue()
        self.acks: dict[str, dict[str, Any]] = {}
        self.acked = threading.Condition()
        self.greets = True
        self.deaf = False
        self.connections = 0
        self.pings = 0
        self._open: list[Line] = []
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._listener.getsockname()[1]}/link/?ticket=secret-ticket"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()
        for line in self._open:
            line.close()

    def wait_line(self, timeout_s: float = 20.0) -> Line:
        """The next connection that was opened."""
        return self.lines.get(timeout=timeout_s)

    def envelope(self, kind: str, payload: Mapping[str, Any], *, number: str = "") -> dict[str, Any]:
        return {
            "type": kind,
            "envelope_id": number or f"env-{next(self._numbers)}",
            "payload": dict(payload),
            "accepts_response_payload": kind != "events_api",
        }

    def send(self, line: Line, envelope: Mapping[str, Any]) -> None:
        line.send(_TEXT, json.dumps(envelope).encode())

    def ask(self, line: Line, kind: str, payload: Mapping[str, Any], timeout_s: float = 20.0) -> dict[str, Any]:
        """Send an envelope and return the payload of its acknowledgement.

        What is not acknowledged in half the time is sent once more over the newest line, as Slack does with what a line
        took with it when it went.
        """
        envelope = self.envelope(kind, payload)
        self.send(line, envelope)
        with self.acked:
            if not self.acked.wait_for(lambda: envelope["envelope_id"] in self.acks, timeout_s / 2):
                self.send(self._open[-1], envelope)
        return self.wait_ack(envelope["envelope_id"], timeout_s / 2)

    def wait_ack(self, number: str, timeout_s: float = 20.0) -> dict[str, Any]:
        with self.acked:
            assert self.acked.wait_for(lambda: number in self.acks, timeout_s), f"{number} was not acknowledged"
            return self.acks.pop(number).get("payload") or {}

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += sock.recv(4096)
        key = next(
            row.split(b":", 1)[1].strip()
            for row in request.split(b"\r\n")
            if row.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept + b"\r\n\r\n"
        )  # fmt: skip
        line = Line(sock=sock, deaf=self.deaf)
        self._open.append(line)
        self.connections += 1
        if self.greets:
            self.send(line, {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        self.lines.put(line)
        try:
            self._read(line)
        except OSError:
            pass
        finally:
            line.close()

    def _read(self, line: Line) -> None:
        while True:
            first = _exactly(line.sock, 2)
            opcode, size = first[0] & 0x0F, first[1] & 0x7F
            if size == 126:
                size = struct.unpack("!H", _exactly(line.sock, 2))[0]
            elif size == 127:
                size = struct.unpack("!Q", _exactly(line.sock, 8))[0]
            mask = _exactly(line.sock, 4) if first[1] & 0x80 else b"\0\0\0\0"
            data = bytes(byte ^ mask[n % 4] for n, byte in enumerate(_exactly(line.sock, size)))
            if opcode == _PING and not line.deaf:
                self.pings += 1
                line.send(_PONG, data)
            elif opcode == _TEXT:
                answer = json.loads(data)
                with self.acked:
                    self.acks[answer["envelope_id"]] = answer
                    self.acked.notify_all()
            elif opcode == _CLOSE:
                return


class FakeDesk(FakeSlack):
    """The workspace with people in it: it opens windows, takes pictures, and notes what it was told to say to whom."""

    def __init__(self, *channels: str, socket_url: str = "", **options: str) -> None:
        super().__init__(*channels, **options)
        self.socket_url = socket_url
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.whispers: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.refused: list[str] = []
        self.base = ""
        self.triggers_expire = False
        self.changed = threading.Condition()
        self._number = itertools.count(1)

    def respond(self, method: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            return self._answer(method, body, headers)
        finally:
            with self.changed:
                self.changed.notify_all()

    def _answer(self, method: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if method.startswith("response-"):
            reply = json.loads(body)
            self.refused += faults_of_blocks(reply["blocks"]) if reply.get("blocks") else []
            self.replies.append(reply)
            return 200, {"Content-Type": "text/plain"}, b"ok"
        if method.startswith("upload-"):
            self.files[method.removeprefix("upload-")]["bytes"] = body
            return 200, {"Content-Type": "text/plain"}, b"OK - 1"
        if method == "apps.connections.open":
            known = headers.get("Authorization") == f"Bearer {APP_TOKEN}"
            return self._json({"ok": True, "url": self.socket_url} if known else {"ok": False, "error": "invalid_auth"})
        return super().respond(method, body, headers)

    def wait(self, fits: Any, timeout_s: float = 30.0) -> Any:
        """Wait until `fits()` is true, and return it."""
        until = time.monotonic() + timeout_s
        with self.changed:
            while not (found := fits()):
                assert time.monotonic() < until, "it did not come to that"
                self.changed.wait(0.2)
        return found

    def views_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.triggers_expire:
            return {"ok": False, "error": "expired_trigger_id"}
        view = arguments["view"]
        if wrong := list(faults_of_view(view)):
            self.refused += wrong
            return {"ok": False, "error": "invalid_arguments"}
        identifier = f"V{next(self._number)}"
        self.views[identifier] = {**view, "id": identifier, "hash": "1", "trigger": arguments["trigger_id"]}
        return {"ok": True, "view": {"id": identifier}}

    def views_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.refused += faults_of_view(arguments["view"])
        self.views[arguments["view_id"]] |= {**arguments["view"], "changed": True}
        return {"ok": True, "view": {"id": arguments["view_id"]}}

    def views_publish(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.refused += faults_of_view(arguments["view"])
        self.homes[arguments["user_id"]] = arguments["view"]
        return {"ok": True}

    def chat_postEphemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        self.refused += faults_of_blocks(arguments["blocks"])
        self.whispers.append(arguments)
        return {"ok": True, "message_ts": "1.0"}

    def chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        if arguments["channel"].startswith("U"):
            self.refused += faults_of_blocks(arguments["blocks"])
            self.whispers.append(arguments | {"user": arguments["channel"]})
            return {"ok": True, "ts": "1.0"}
        return super().chat_postMessage(arguments)

    def files_getUploadURLExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        identifier = f"F{next(self._number)}"
        self.files[identifier] = {"name": arguments["filename"], "alt": arguments["alt_txt"], "shared": []}
        return {"ok": True, "upload_url": f"{self.base}upload-{identifier}", "file_id": identifier}

    def files_completeUploadExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  # Slack's name
        self._clock = max(time.time(), self._clock + 0.000002)
        for item in arguments["files"]:
            known = self.files[item["id"]]
            assert known["bytes"]
            known["shared"].append((arguments["channel_id"], arguments["thread_ts"]))
            shown = {"ts": f"{self._clock:.6f}", "thread_ts": arguments["thread_ts"], "blocks": arguments["blocks"]}
            files = [{"id": item["id"], "name": known["name"], "title": item["title"]}]
            self.channels[arguments["channel_id"]]["messages"].append(
                shown | {"text": "", "metadata": None, "files": files}
            )
        return {"ok": True, "files": [{"id": item["id"]} for item in arguments["files"]]}


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


__all__ = ["APP_TOKEN", "TOKEN", "FakeDesk", "Line", "Peer", "SocketServer"]
