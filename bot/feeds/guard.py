"""Which addresses may be connected to, decided on the address itself at the moment of connecting.

A name is resolved here, every address it has is checked, and the connection goes to a checked address: nobody resolves it a
second time, so a name that changes its answer (rebinding) gains nothing. Host header and TLS name stay those of the URL.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

from bot.feeds.wire import Wire

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host name (numeric, as text), or raises OSError. Called in a thread."""

RESOLVING_THREADS = 32
REMEMBERED = 10_000
"""Addresses whose judgement is kept: it hangs on nothing but the address, and feeds come back to theirs."""
REFUSED_V4 = tuple(
    (IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud host service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
    )
)
REFUSED_V6 = tuple(
    (IPv6Network(network), why)
    for network, why in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard"),
        ("2001::/32", "Teredo"),
        ("2001:2::/48", "benchmarking"),
        ("2001:10::/28", "ORCHID"),
        ("2001:20::/28", "ORCHID"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
EMBEDDING = tuple(IPv6Network(network) for network in ("64:ff9b::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "::/96"))
"""NAT64, mapped, translated and compatible: the last 32 bits are the IPv4 address that is meant."""
SIX_TO_FOUR = IPv6Network("2002::/16")
ISATAP = (0x00005EFE, 0x02005EFE)


class RefusedError(Exception):
    """The host has an address that may not be reached. The text names both and why."""


class UnresolvedError(Exception):
    """The host name has no address."""


class AddressGuard:
    """Judges addresses. `allowed` are networks (CIDR) inside the refused ranges that may be reached all the same."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed: tuple[Network, ...] = tuple(ip_network(network, strict=False) for network in allowed)
        self._judged: dict[str, str | None] = {}

    def refusal(self, address: str) -> str | None:
        """Return why `address` (numeric text) may not be reached, None where it may."""
        if address not in self._judged:
            if len(self._judged) >= REMEMBERED:
                self._judged.clear()
            self._judged[address] = self._refusal(address)
        return self._judged[address]

    def _refusal(self, address: str) -> str | None:
        try:
            parsed = ip_address(address.split("%", 1)[0])
        except ValueError:
            return "not a numeric address"
        for form in _forms(parsed):
            if any(form.version == network.version and form in network for network in self._allowed):
                continue
            why = _range(form)
            if why:
                return why
        return None


def _range(address: Address) -> str | None:
    if isinstance(address, IPv4Address):
        return next((why for network, why in REFUSED_V4 if address in network), None)
    return next((why for network, why in REFUSED_V6 if address in network), None)


def _forms(address: Address) -> tuple[Address, ...]:
    """Return the addresses that a packet to `address` may end at: the embedded IPv4 one where there is one."""
    if isinstance(address, IPv4Address):
        return (address,)
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in EMBEDDING) and int(address) > 1:
        return (last,)
    if address in SIX_TO_FOUR:
        return (address, IPv4Address((int(address) >> 80) & 0xFFFFFFFF))
    if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        return (address, last)
    return (address,)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system's resolver has for `host`, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialer:
    """Opens connections to checked addresses only."""

    def __init__(self, guard: AddressGuard, resolver: Resolver = resolve) -> None:
        self._guard = guard
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolve")

    async def connect(self, host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float | None) -> Wire:
        """Connect to the first address that answers, with TLS for `host` where `tls` is given.

        Raises:
            RefusedError: One of the host's addresses may not be reached.
            UnresolvedError: The host has no address.
            httpcore.ConnectError: No address answers, or TLS fails (its cause is the ssl error).
            httpcore.ConnectTimeout: All of that took longer than `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                fault: Exception = OSError("no address")
                for address in await self._checked(host, port):
                    try:
                        return await self._open(address, port, host, tls)
                    except OSError as error:  # ssl's errors are of this kind
                        fault = error
                raise httpcore.ConnectError(str(fault) or type(fault).__name__) from fault
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection to {host} within {timeout_s} s") from error

    async def _open(self, address: str, port: int, host: str, tls: ssl.SSLContext | None) -> Wire:
        name = host.strip("[]") if tls is not None else None
        _, wire = await asyncio.get_running_loop().create_connection(Wire, address, port, ssl=tls, server_hostname=name)
        return wire

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        bare = host.strip("[]")
        try:
            addresses: Sequence[str] = [str(ip_address(bare))]
        except ValueError:
            addresses = await self._resolved(bare, port)
        for address in addresses:
            why = self._guard.refusal(address)
            if why:
                place = host if host == address else f"{host} is at {address}, which"
                raise RefusedError(f"{place} may not be reached: {why}")
        return addresses

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(self._threads, self._resolver, host, port)
        except (OSError, UnicodeError) as error:
            raise UnresolvedError(f"{host} has no address: {error}") from error
        if not addresses:
            raise UnresolvedError(f"{host} has no address")
        return addresses

    def close(self) -> None:
        """Let go of the resolving threads; one that hangs in the resolver is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
