"""The same alert in a terminal."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alert_samples import account, sample_alert
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.console import ConsoleNotifier
from bot.core.card import alert_record, card_of, digest_record, reply_record
from bot.core.sample import sample_record
from bot.domain import Delivery, DeliveryState, Relation
from bot.ports import PostOutcomeKind

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)


def delivery(payload: dict[str, object]) -> Delivery:
    return Delivery(
        id="d", alert_key="k", channel="C1", payload=payload, state=DeliveryState.PENDING, attempts=1, not_before=NOW
    )


def shown(payload: dict[str, object], *, width: int = 80, terminal: bool = True) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    assert ConsoleNotifier(console).post(delivery(payload)).kind is PostOutcomeKind.POSTED
    return console.file.getvalue()


def plain(text: str) -> Iterator[str]:
    return (re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines())


@pytest.mark.parametrize("terminal", [True, False])
def test_a_sample_says_that_it_is_a_test_before_anything_else(terminal: bool) -> None:
    first, second, *_ = plain(shown(sample_record(NOW), terminal=terminal, width=110))
    assert "Test: Freedonia softens on a ban on duck hunting" in first
    assert "TEST. This is a sample, made up by Walkback: nobody said it, and nothing is filed." in second
    assert "TEST" not in "".join(plain(shown(alert_record(sample_alert()), terminal=terminal)))


def test_a_terminal_of_eighty_columns_shows_all_of_it() -> None:
    lines = list(plain(shown(alert_record(sample_alert(accounts=(account(1),))))))
    assert lines[0].startswith("╭─ Russia softens on Ukraine's NATO membership ─")
    text = " ".join(" ".join(line.strip("│ ").split()) for line in lines)
    for words in (
        "Was Russia rejects any membership of Ukraine in NATO, including one delayed for decades.",
        "since 26 Dec 2024",
        "Now The two delegations met for a second day. Moscow could live with a twenty-year pause in the accession talks",
        "14 Jan 2026, 10:20 UTC",
        "Who Irina Orlova, cited directly",
        "Where Example Wire · Moscow open to long pause, says envoy https://wire.example.com/world/envoy?id=7&page=2",
        "Sure Likely (82%) a real shift; if so, most likely a softening (75%)",
        "Why A condition under which the holder would accept what the line refuses.",
        "More Also in 1 more report: Outlet 1",
    ):
        assert words in text


@pytest.mark.parametrize("width", [30, 80, 120, 300])
def test_no_line_is_wider_than_the_terminal_nor_than_what_is_read_well(width: int) -> None:
    long = sample_alert(topic="limits on " + "strategic " * 20, url="https://a.example/" + "x" * 300)
    assert max(map(len, plain(shown(alert_record(long), width=width)))) <= min(width, 110)


def test_a_first_line_too_long_for_the_frame_is_not_cut() -> None:
    topic = "the deployment of medium-range missiles in the southern military district"
    text = " ".join(line.strip("│ ") for line in plain(shown(alert_record(sample_alert(topic=topic)), width=60)))
    assert "district" in text


def test_without_a_terminal_there_are_plain_lines_with_the_words_marked() -> None:
    text = shown(alert_record(sample_alert()), terminal=False)
    assert "\x1b" not in text
    assert text.splitlines()[0] == "Russia softens on Ukraine's NATO membership"
    assert "  Now: The two delegations met for a second day. »Moscow could live with" in text
    assert "in Astana.« She named no date for the next round." in text


@given(st.text(), st.booleans())
def test_no_feed_commands_the_terminal(words: str, terminal: bool) -> None:
    nasty = f"\x1b]0;owned\x07\x1b[2J[red]{words}[/red][link=http://evil.example]x[/link]"
    text = shown(
        alert_record(sample_alert(words=nasty, before=nasty, title=nasty, reason=nasty, outlet=nasty)),
        terminal=terminal,
    )
    bare = "\n".join(plain(text))
    assert "\x1b" not in bare
    assert "\x07" not in bare
    assert "owned" in bare
    assert "[red]" in "".join(bare.split())


def test_a_terminal_without_unicode_gets_question_marks_and_no_crash() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(file=stream, width=80, force_terminal=True)
    assert ConsoleNotifier(console).post(delivery(alert_record(sample_alert(words="Je – «là»")))).ref == "console"
    stream.flush()
    assert b"Je ? ?l??" in raw.getvalue()


def test_a_digest_shows_each_alert_and_a_reply_its_report() -> None:
    cards = [card_of(sample_alert()), card_of(sample_alert(relation=Relation.HARDENING))]
    text = shown(digest_record(cards), terminal=False)
    assert "Russia softens" in text
    assert "Russia hardens" in text
    reply = reply_record(sample_alert(), account(3), says="denies it")
    text = shown(reply, terminal=False)
    assert text.startswith("Disputed: Russia softens on Ukraine's NATO membership\n  But: a later report denies it")
    assert "https://outlet3.example.com/story" in text


def test_what_cannot_be_printed_is_an_outcome() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "no space left")

    notifier = ConsoleNotifier(Console(file=Closed(), width=80))
    assert notifier.post(delivery({"kind": "poem"})).kind is PostOutcomeKind.BUG
    assert notifier.post(delivery(alert_record(sample_alert()))).reason == "terminal_closed"
    assert notifier.find(delivery({})) is None
