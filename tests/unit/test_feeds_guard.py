from __future__ import annotations

import asyncio
import socket
import threading

import httpcore
import pytest

from bot.feeds.guard import AddressGuard, Dialer, RefusedError, UnresolvedError, resolve

REFUSED = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254", "100.100.100.200",
    "192.0.0.1", "192.0.2.10", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::7f00:1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "2001:db8::1", "100::1", "2606:4700::5efe:127.0.0.1",
]  # fmt: skip
ALLOWED = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255", "169.253.0.1",
    "223.255.255.255", "11.0.0.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1", "2001:4860:4860::8888",
]  # fmt: skip
FORMS_OF_LOOPBACK = [
    "localhost",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "[::1]",
    "0",
]


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_inside_are_refused_with_a_reason(address):
    assert AddressGuard().refusal(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_allowed(address):
    assert AddressGuard().refusal(address) is None


def test_there_are_forty_refused_and_ten_allowed_at_least():
    assert len(set(REFUSED)) >= 40
    assert len(set(ALLOWED)) >= 10


def test_an_allow_list_opens_its_network_and_no_other():
    guard = AddressGuard(["127.0.0.0/8", "fd12::/16"])
    assert guard.refusal("127.0.0.1") is None
    assert guard.refusal("::ffff:127.0.0.1") is None
    assert guard.refusal("fd12::5") is None
    assert guard.refusal("10.0.0.1")
    assert guard.refusal("fd13::5")


def test_what_is_no_address_is_refused():
    assert AddressGuard().refusal("example.org")


def connect(host: str, resolver=resolve, allowed=()) -> None:
    async def attempt():
        backend = Dialer(AddressGuard(allowed), resolver)
        try:
            stream = await backend.connect(host, 80, tls=None, timeout_s=2.0)
            await stream.aclose()
        finally:
            backend.close()

    asyncio.run(attempt())


@pytest.mark.parametrize("host", FORMS_OF_LOOPBACK)
def test_loopback_in_disguise_is_refused_when_it_is_connected(host):
    with pytest.raises((RefusedError, UnresolvedError)):
        connect(host)


def test_a_name_that_changes_its_answer_is_asked_once_and_connected_where_it_was_checked():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        accepted: list[object] = []
        threading.Thread(target=lambda: accepted.append(server.accept()), daemon=True).start()
        answers = iter([["1.1.1.1"], ["127.0.0.1"]])
        asked: list[str] = []

        def rebinding(host, _port):
            asked.append(host)
            return next(answers)

        async def attempt():
            backend = Dialer(AddressGuard(), rebinding)
            tried: list[str] = []

            async def connect(address, *_args):
                tried.append(address)
                raise OSError("no network here")

            backend._open = connect
            with pytest.raises(httpcore.ConnectError):
                await backend.connect("rebind.example", port, tls=None, timeout_s=2.0)
            with pytest.raises(RefusedError, match=r"rebind\.example is at 127\.0\.0\.1"):
                await backend.connect("rebind.example", port, tls=None, timeout_s=2.0)
            backend.close()
            return tried

        assert asyncio.run(attempt()) == ["1.1.1.1"]
        assert asked == ["rebind.example", "rebind.example"]
        assert accepted == []


def test_one_refused_address_among_good_ones_refuses_the_name():
    with pytest.raises(RefusedError):
        connect("mixed.example", lambda _host, _port: ["1.1.1.1", "169.254.169.254"])


def test_a_name_without_an_address_is_named():
    def nothing(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(UnresolvedError, match=r"nowhere\.example has no address"):
        connect("nowhere.example", nothing)
    with pytest.raises(UnresolvedError):
        connect("empty.example", lambda _host, _port: [])


def test_a_resolver_that_hangs_costs_the_connection_its_time_and_no_more():
    released = threading.Event()

    def slow(_host, _port):
        released.wait(5)
        return ["1.1.1.1"]

    async def attempt():
        backend = Dialer(AddressGuard(), slow)
        with pytest.raises(httpcore.ConnectTimeout):
            await backend.connect("slow.example", 80, tls=None, timeout_s=0.05)
        released.set()
        backend.close()

    asyncio.run(attempt())
