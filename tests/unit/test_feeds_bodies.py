from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.bodies import STEP, BadEncodingError, Decoding

TEXT = b"<rss><channel><title>The line holds</title></channel></rss>" * 300


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
    "": bytes,
}


def undo(header: str, body: bytes, size: int = 1000) -> bytes:
    decoding = Decoding(header)
    pieces = [piece for start in range(0, len(body), size) for piece in decoding.feed(body[start : start + size])]
    decoding.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("header", PACKERS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_every_encoding_is_undone_in_pieces_of_any_size(header, size):
    assert undo(header, PACKERS[header](TEXT), size) == TEXT


def test_deflate_without_its_header_is_undone():
    assert undo("deflate", raw_deflate(TEXT)) == TEXT


def test_gzip_of_several_members_and_with_padding_is_undone():
    assert undo("gzip", gzip.compress(TEXT) + gzip.compress(b"more")) == TEXT + b"more"
    assert undo("gzip", gzip.compress(TEXT) + b"\0" * 512) == TEXT


def test_encodings_inside_each_other_are_undone_outermost_first():
    assert undo("gzip, br", brotli.compress(gzip.compress(TEXT))) == TEXT


def test_plain_text_that_claims_gzip_passes():
    assert undo("gzip", TEXT) == TEXT


@pytest.mark.parametrize("header", ["gzip", "deflate", "br"])
def test_a_body_that_ends_too_soon_is_named(header):
    with pytest.raises(BadEncodingError, match="too soon"):
        undo(header, PACKERS[header](TEXT)[:-20])


@pytest.mark.parametrize("header", ["br", "zstd", "deflate"])
def test_a_body_that_is_not_what_it_claims_is_named(header):
    with pytest.raises(BadEncodingError):
        undo(header, b"\xff\xfe" + TEXT)


def test_unknown_and_deeply_nested_encodings_are_refused():
    with pytest.raises(BadEncodingError):
        Decoding("lzma")
    with pytest.raises(BadEncodingError):
        Decoding("gzip, gzip, gzip")


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_comes_out_in_pieces_that_a_cap_can_stop(header):
    zeros = bytes(64 * 1024 * 1024)
    bomb = brotli.compress(zeros, quality=1) if header == "br" else PACKERS[header](zeros)
    longest = taken = 0
    for piece in Decoding(header).feed(bomb):
        longest, taken = max(longest, len(piece)), taken + len(piece)
        if taken > 1_000_000:
            break
    assert longest <= max(STEP, 256 * 131_072 // 4)
    assert taken < 12_000_000


@settings(deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=300))
def test_any_bytes_are_undone_or_named_as_broken(header, body):
    try:
        undo(header, body)
    except BadEncodingError:
        return
