"""Requests over real loopback connections: what is sent, what is kept for the next, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.guard import AddressGuard
from bot.feeds.transport import GuardedTransport, target_of

Reply = Callable[[bytes], list[bytes]]
SCHEMES = st.sampled_from(["http", "https", "HTTP"])
HOSTS = st.sampled_from(["a.example", "A.example", "10.0.0.1", "[::1]", "bücher.example", "x_y.example", "a"])
PORTS = st.sampled_from(["", ":80", ":443", ":8080"])
PATHS = st.text(alphabet="ab./%2Fé ~!$&'()*+,;=:@?-_", max_size=20)


@given(SCHEMES, HOSTS, PORTS, PATHS)
def test_an_address_is_sent_as_httpx_would_send_it(scheme: str, host: str, port: str, path: str) -> None:
    url = f"{scheme}://{host}{port}/{path}"
    try:
        theirs = httpx.URL(url)
    except httpx.InvalidURL:
        with pytest.raises(httpx.InvalidURL):
            target_of(url)
        return
    ours = target_of(url)
    assert ours.path == theirs.raw_path
    assert ours.named == theirs.netloc.decode()
    assert (ours.scheme, ours.host) == (theirs.scheme, theirs.raw_host.decode())
    assert ours.port == (theirs.port or {"http": 80, "https": 443}[theirs.scheme])


class Server:
    """Answers each request with the pieces that `reply` has for its head; an empty list closes the connection."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.connections = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                pieces = self._reply(head)
                if not pieces:
                    return
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def gotten(
    transport: GuardedTransport, url: str, *headers: tuple[str, str], read_s: float = 5.0
) -> tuple[int, bytes]:
    answer = await transport.get(url, list(headers), connect_s=5.0, read_s=read_s)
    try:
        body = b"".join([piece async for piece in answer.body()]) if answer.status == 200 else b""
    finally:
        await answer.aclose()
    return answer.status, body


def talk(reply: Reply, work: Callable[[GuardedTransport, str], Awaitable[None]]) -> Server:
    async def run() -> Server:
        server = Server(reply)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        transport = GuardedTransport(AddressGuard(["127.0.0.0/8"]))
        try:
            await work(transport, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/feed")
        finally:
            await transport.aclose()
            listening.close()
        return server

    return asyncio.run(run())


def whole(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more])
    return head.encode() + b"\r\n\r\n" + body


def test_one_connection_serves_one_answer_after_the_other_with_a_body_and_without() -> None:
    answers = [whole(b"<rss/>"), b"HTTP/1.1 304 Not Modified\r\n\r\n", whole(b"", "404 Not Found"), whole(b"<rss/>")]

    async def work(transport: GuardedTransport, url: str) -> None:
        found = [await gotten(transport, url, ("If-None-Match", '"é"')) for _ in range(4)]
        assert found == [(200, b"<rss/>"), (304, b""), (404, b""), (200, b"<rss/>")]

    server = talk(lambda _: [answers.pop(0)], work)
    assert server.connections == 1
    assert server.heads[0].startswith(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1:")
    assert 'If-None-Match: "é"\r\n'.encode() in server.heads[0]


@pytest.mark.parametrize(
    "reply",
    [
        whole(b"<rss/>") + b"HTTP/1.1 200 OK\r\n\r\n",
        whole(b"never read", "500 Oh"),
        whole(b"<rss/>", "200 OK", "Connection: close"),
    ],
    ids=["words after the answer", "a body that nobody reads", "the server says so"],
)
def test_a_connection_that_may_be_out_of_step_is_not_used_again(reply: bytes) -> None:
    async def work(transport: GuardedTransport, url: str) -> None:
        await gotten(transport, url)
        await gotten(transport, url)

    assert talk(lambda _: [reply], work).connections == 2


def test_a_kept_connection_that_the_server_closed_is_replaced_without_a_word() -> None:
    asked: list[int] = []

    def reply(_: bytes) -> list[bytes]:
        asked.append(1)
        return [] if len(asked) == 2 else [whole(b"<rss/>")]

    async def work(transport: GuardedTransport, url: str) -> None:
        assert await gotten(transport, url) == (200, b"<rss/>")
        assert await gotten(transport, url) == (200, b"<rss/>")

    assert talk(reply, work).connections == 2


def test_a_body_larger_than_any_buffer_arrives_whole_and_in_order() -> None:
    body = bytes(range(256)) * 12_000

    async def work(transport: GuardedTransport, url: str) -> None:
        answer = await transport.get(url, [], connect_s=5.0, read_s=5.0)
        found = bytearray()
        async for piece in answer.body():
            found += piece
            await asyncio.sleep(0)
        await answer.aclose()
        assert bytes(found) == body

    talk(lambda _: [whole(body)], work)


def test_headers_that_come_twice_are_joined_and_what_is_no_utf_8_is_read_all_the_same() -> None:
    reply = b'HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nETag: "caf\xe9"\r\nContent-Length: 0\r\n\r\n'

    async def work(transport: GuardedTransport, url: str) -> None:
        answer = await transport.get(url, [], connect_s=5.0, read_s=5.0)
        await answer.aclose()
        assert (answer.headers["x-a"], answer.headers["etag"]) == ("1, 2", '"café"')

    talk(lambda _: [reply], work)


@pytest.mark.parametrize(
    ("pieces", "fault"),
    [
        ([b"HTTP/1.1 200 OK\r\n"], httpcore.ReadTimeout),
        ([b"SSH-2.0-x\r\n\r\n"], httpcore.RemoteProtocolError),
        ([whole(b"half")[:-2]], httpcore.ReadTimeout),
    ],
    ids=["silence within the head", "no web server", "silence within the body"],
)
def test_what_goes_wrong_has_httpcores_name(pieces: list[bytes], fault: type[Exception]) -> None:
    async def work(transport: GuardedTransport, url: str) -> None:
        with pytest.raises(fault):
            await gotten(transport, url, read_s=0.2)

    talk(lambda _: pieces, work)


def test_a_header_that_would_split_the_request_is_refused() -> None:
    async def work(transport: GuardedTransport, url: str) -> None:
        with pytest.raises(httpcore.LocalProtocolError):
            await gotten(transport, url, ("If-None-Match", '"a"\r\nX: y'))

    assert talk(lambda _: [whole(b"")], work).heads == []
