"""Compressed bodies, undone in small steps: no more than one step's output is ever held beyond what the caller asked for.

httpx's own decoders hand out whatever one received piece expands to, which for a bomb is gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it has no types
import zstandard

STEP = 64 * 1024
ZSTD_SLICE = 256
ZSTD_WINDOW = 8 * 1024 * 1024
DEEPEST = 2
ACCEPTED = "gzip, deflate, br, zstd"


class BadEncodingError(Exception):
    """The body is not what its Content-Encoding says, or says something unknown."""


class Decoder(Protocol):
    """Undoes one encoding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` expands to, in small pieces."""
        ...

    def finish(self) -> None:
        """Raise BadEncodingError if the body ended before its encoding did."""
        ...


class _Inflate:
    """gzip (also of several members) and deflate (with or without a zlib header); plain bytes pass if they only claim gzip."""

    def __init__(self, name: str) -> None:
        self._gzip = name != "deflate"
        self._started = False
        self._plain = False
        self._members = 0
        self._object = zlib.decompressobj(47)

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if not self._started:
            self._start(data)
        if self._plain:
            yield data
            return
        while data:
            if self._object.eof:
                if not data.startswith(b"\x1f"):
                    return  # padding after the last member
                self._object, self._members = zlib.decompressobj(47), self._members + 1
            try:
                piece = self._object.decompress(data, STEP)
            except zlib.error as error:
                if self._members:
                    return
                raise BadEncodingError(f"the body is not the compression it claims: {error}") from error
            if piece:
                yield piece
            data = self._object.unused_data if self._object.eof else self._object.unconsumed_tail

    def _start(self, data: bytes) -> None:
        self._started = True
        if self._gzip:
            self._plain = data[0] != 0x1F
        elif data[0] & 0x0F != 8:
            self._object = zlib.decompressobj(-15)

    def finish(self) -> None:
        if self._started and not self._plain and not self._members and not self._object.eof:
            raise BadEncodingError("the compressed body ends too soon")


class _Brotli:
    def __init__(self) -> None:
        self._object = brotli.Decompressor()
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._fed = self._fed or bool(data)
        try:
            piece = self._object.process(data, output_buffer_limit=STEP)
            while piece or not self._object.can_accept_more_data():
                if piece:
                    yield piece
                if self._object.is_finished() or self._object.can_accept_more_data():
                    return
                piece = self._object.process(b"", output_buffer_limit=STEP)
        except brotli.error as error:
            raise BadEncodingError(f"the body is not the brotli it claims to be: {error}") from error

    def finish(self) -> None:
        if self._fed and not self._object.is_finished():
            raise BadEncodingError("the compressed body ends too soon")


class _Zstd:
    """zstandard has no output limit, so it is fed slices too small to expand to much."""

    def __init__(self) -> None:
        self._object = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj(read_across_frames=True)

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            for start in range(0, len(data), ZSTD_SLICE):
                piece = self._object.decompress(data[start : start + ZSTD_SLICE])
                if piece:
                    yield piece
        except zstandard.ZstdError as error:
            raise BadEncodingError(f"the body is not the zstd it claims to be: {error}") from error

    def finish(self) -> None:
        return


class Decoding:
    """Undoes a Content-Encoding header, several in a row where it names several (two at most)."""

    def __init__(self, header: str) -> None:
        names = [name.strip().lower() for name in header.split(",")]
        names = [name for name in names if name not in ("", "identity", "none", "utf-8", "binary")]
        if len(names) > DEEPEST:
            raise BadEncodingError(f"{len(names)} encodings inside each other")
        self._decoders = [_decoder(name) for name in reversed(names)]

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded body's pieces that `data` completes."""
        return self._through(data, 0)

    def _through(self, data: bytes, level: int) -> Iterator[bytes]:
        if level == len(self._decoders):
            yield data
            return
        for piece in self._decoders[level].feed(data):
            yield from self._through(piece, level + 1)

    def finish(self) -> None:
        """Raise BadEncodingError if the body ended before its encoding did."""
        for decoder in self._decoders:
            decoder.finish()


def _decoder(name: str) -> Decoder:
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate(name)
    if name == "br":
        return _Brotli()
    if name == "zstd":
        return _Zstd()
    raise BadEncodingError(f"the encoding {name[:40]!r} was not asked for")
