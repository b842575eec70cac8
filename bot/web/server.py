"""Serves the page from a thread of the bot, until the bot stops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from datetime import datetime

import structlog
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp

from bot.errors import EnvironmentFault

log = structlog.get_logger()

THREADS = 4
"""Pages made at a time: the page never takes more of the machine than the bot's work leaves."""
CONNECTIONS = 64
LOOK_EVERY_S = 0.5


class PageServer:
    """A server at one address.

    Args:
        app: What answers.
        address: Where to listen; 127.0.0.1 for this machine alone.
        port: The port; 0 for any free one.
    """

    def __init__(self, app: ASGIApp, *, address: str, port: int) -> None:
        self._app = app
        self._address = address
        self._port = port
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, once it was open."""
        return self._port

    def open(self) -> None:
        """Take the port; EnvironmentFault where another has it."""
        if self._socket is not None:
            return
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        try:
            self._socket = socket.create_server((self._address, self._port), family=family, backlog=128)
        except OSError as fault:
            problem = fault.strerror or str(fault)
            raise EnvironmentFault(
                f"the page cannot be served at {self._address}, port {self._port} ({problem}). "
                "WALKBACK_WEB_PORT and WALKBACK_WEB_BIND choose another place."
            ) from None
        self._port = int(self._socket.getsockname()[1])
        # Passed on to each connection: else the second packet of an answer waits 40 ms for a receipt of the first.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def serve(self, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        """Answer until `stop` is set; `clock` is asked for the time as long as requests can be answered."""
        self.open()
        try:
            asyncio.run(self._serve(stop, clock))
        finally:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    async def _serve(self, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        assert self._socket is not None
        current_default_thread_limiter().total_tokens = THREADS
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,  # who asks is who is connected; a proxy's word is weighed by `access`
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=3,
        )
        server = uvicorn.Server(config)
        log.info("page_open", address=self._address, port=self.port)

        async def watch() -> None:
            while not stop.is_set():
                clock()
                await asyncio.sleep(LOOK_EVERY_S)
            server.should_exit = True

        watching = asyncio.create_task(watch())
        try:
            await server.serve(sockets=[self._socket])
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
