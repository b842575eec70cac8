"""The page is served from a thread of the bot, and goes with it."""

from __future__ import annotations

import http.client
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.errors import EnvironmentFault
from bot.runtime.local import LocalRuntime, Work
from bot.web.server import PageServer

APP = Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))])


def test_it_answers_beside_the_stages_until_the_bot_stops(tmp_path: Path):
    server = PageServer(APP, address="127.0.0.1", port=0)
    server.open()
    port = server.port
    runtime = LocalRuntime([Work(name="page", serve=server.serve)], tmp_path / "beat")
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(runtime.run()))
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"here")
    assert "uvicorn" not in str(answer.headers).lower()
    connection.close()
    assert runtime.busy_s()["page"] is not None
    assert runtime.wedged() == []
    runtime.stop()
    thread.join(20)
    assert ended == [True]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_port_that_is_taken_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = PageServer(APP, address="127.0.0.1", port=other.getsockname()[1])
        with pytest.raises(EnvironmentFault, match="WALKBACK_WEB_PORT"):
            server.open()


def test_it_opens_again_after_it_has_ended(tmp_path: Path):
    server, stop = PageServer(APP, address="127.0.0.1", port=0), threading.Event()
    stop.set()
    server.serve(stop, lambda: datetime.now(UTC))
    port = server.port
    server.serve(stop, lambda: datetime.now(UTC))
    assert server.port == port
