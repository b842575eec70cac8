"""Every window, Home tab, digest and answer that can go out is one that Slack takes, whatever the words are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from alert_samples import sample_alert
from block_rules import faults_of_blocks, faults_of_message, faults_of_view
from desk_samples import AT, alert_sheet, desk_sheet, finding, line_sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.card import alert_record
from bot.core.daily import Day, DayItem, daily_record, day_from
from bot.core.desk import VerdictKind
from bot.core.marks import Mark, mark, marks_of, with_marks
from bot.core.sample import sample_record
from bot.ports import Choice, FeedSheet, History, Reading
from bot.slack import command, modals
from bot.slack.blocks import message
from bot.slack.home import home, trend, trend_words

NASTY = (
    "<!channel> <@U012AB3CD> <http://evil.example|bank.com> *x* `y` ~z~ _w_ &amp; > quote\n```block```",
    "A very long sentence that never comes to an end " * 80,
    "&<>" * 1100,
    "\u202eevil\u202c \u200b\u200d\ufeff",
    "\u05e9\u05dc\u05d5\u05dd " * 300,
    "🇺🇦👨‍👩‍👧‍👦🏳️‍🌈" * 400,
    "\x00\x1b[2J\r\n\t",
    "\ud800 lonely",
    "",
    " ",
)
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=200), st.text(alphabet="&<>*_~` .\n", max_size=4000))
urls = st.sampled_from(
    ["", "https://a.example/x?y=1&z=2", "javascript:alert(1)", "http://a.example/" + "x" * 5000, *NASTY]
)
many = st.sampled_from((0, 1, 40))


def texts_of(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node["text"]
        for value in node.values():
            yield from texts_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_of(value)


def sound(view: object) -> None:
    """No markup is alive but times and links, and nothing invisible is left."""
    for text in texts_of(view):
        for sequence in re.findall(r"<([^>]*)>", text):
            assert re.match(r"https?://|!date\^", sequence), text
        assert not re.search(
            r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x09\x0b-\x1f]", text.replace("\u200d", "")
        ), text


@settings(max_examples=12)
@given(texts, texts, texts, many)
def test_windows_about_an_alert_keep_every_rule(headline: str, words: str, draft: str, number: int) -> None:
    choices = tuple(Choice(value=f"k{n}", label=headline) for n in range(number * 3))
    sheet = alert_sheet(headline=headline, words=words, baseline=words, draft=draft, same_as=choices)
    for make in (modals.confirm, modals.reject, modals.same):
        view = make(sheet, "C0DESK1")
        assert list(faults_of_view(view)) == []
        sound(view)
        assert "submit" not in view or modals.memory_of(view) == modals.Memory(subject="k1", channel="C0DESK1")


@settings(max_examples=12)
@given(texts, urls, many)
def test_windows_to_read_keep_every_rule(words: str, url: str, number: int) -> None:
    found = tuple(
        finding(headline=words, words=words, reason=words, url=url, outlet=words, at=AT if n % 2 else None)
        for n in range(number)
    )
    lines = tuple((date(2026, 1, 1), words) for _ in range(number))
    way = History(line=line_sheet(holder=words, topic=words), lines=lines, findings=found)
    reading = Reading(title=words, url=url, findings=found)
    for view in (
        modals.history(way),
        modals.reading(reading),
        modals.reading(replace(reading, problem=words or "x")),
        modals.told("Timeline", words),
        modals.waiting("Check this text", "Reading"),
        modals.track(date(2026, 1, 1), "C1", holder=words),
    ):
        assert list(faults_of_view(view)) == []
        sound(view)
    assert list(faults_of_blocks(modals.reading_blocks(reading))) == []


@settings(max_examples=12)
@given(texts, urls, many)
def test_the_home_tab_and_the_commands_answers_keep_every_rule(words: str, url: str, number: int) -> None:
    line = line_sheet(
        id=words[:60], holder=words, topic=words, baseline=words, last_shift=words, muted_by=words,
        muted_until=AT + timedelta(hours=1) if number % 2 else None,
    )  # fmt: skip
    sheet = desk_sheet(
        lines=(line,) * number,
        feeds=(FeedSheet(name=words, problem=words, last_success_at=AT),) * number,
        open_alerts=(alert_sheet(headline=words, words=words),) * number,
        review=(finding(headline=words, words=words, reason=words, url=url, outlet=words, id="a1", line=words),)
        * number,
        waiting=number,
        troubled=number,
    )
    view = home(sheet, AT)
    assert list(faults_of_view(view)) == []
    sound(view)
    for blocks in (command.status(sheet, AT), command.positions(sheet, "", AT), command.muted(sheet, AT)):
        assert list(faults_of_blocks(blocks)) == []
        sound(blocks)


@settings(max_examples=12)
@given(texts, urls, st.integers(0, 40))
def test_the_daily_digest_keeps_every_rule(words: str, url: str, number: int) -> None:
    item = DayItem(headline=words, words=words, url=url, outlet=words, ending=words)
    names = (words,) * number
    day = Day(
        day=date(2026, 1, 14), shifts=(item,) * min(number, 8), near=(item,) * min(number, 8), quiet=names, failing=names,
        muted=names, edited=names, fit=names, shift_count=number, near_count=number, articles=number,
    )  # fmt: skip
    record = json.loads(json.dumps(daily_record(day)))
    assert day_from(record) == day
    shown = message(record, "k")
    assert list(faults_of_message(shown)) == []
    sound(shown["blocks"])


@settings(max_examples=12)
@given(texts, st.lists(st.tuples(st.sampled_from(list(VerdictKind)), texts, st.booleans()), max_size=9))
def test_an_alert_with_buttons_and_with_what_was_done_keeps_every_rule(
    words: str, done: list[tuple[VerdictKind, str, bool]]
) -> None:
    marks = [
        Mark(
            verdict_id=f"v{n}",
            kind=kind,
            told=told,
            undo_until=AT + timedelta(minutes=n),
            undone=told[:40] or "x" if undone else "",
        )
        for n, (kind, told, undone) in enumerate(done)
    ]
    record = json.loads(
        json.dumps(with_marks(alert_record(sample_alert(words=words, before=words, after=words)), marks))
    )
    shown = message(record, "k", buttons=True)
    assert list(faults_of_message(shown)) == []
    sound(shown["blocks"])
    assert len(marks_of(record)) == min(len(marks), 4)


def test_a_sample_says_that_it_is_one_and_has_no_buttons() -> None:
    shown = message(sample_record(datetime(2026, 1, 14, tzinfo=UTC)), "k", buttons=True)
    assert "TEST. This is a sample" in str(shown["blocks"][0])
    assert str(shown["text"]).startswith("Test: ")
    assert "actions" not in {block["type"] for block in shown["blocks"]}
    assert list(faults_of_message(shown)) == []


def test_what_can_no_longer_be_decided_has_no_button() -> None:
    done = mark(verdict_id="v1", kind=VerdictKind.CONFIRM, by="@ada", at=AT, line="It may join.")
    shown = message(with_marks(alert_record(sample_alert()), [done]), "k", buttons=True)
    labels = [element["text"]["text"] for element in shown["blocks"][-1]["elements"]]
    assert labels == ["Mute 24 h", "Open timeline", "Undo confirmation"]
    assert "@ada confirmed this shift on 14 Jan 2026, 12:00 UTC. The line on record is now “It may join.”" in str(shown)


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("", "", ""),
        ("status", "status", ""),
        ("  MUTE   ru-nato 24 ", "mute", "ru-nato 24"),
        ("why <https://a.example|a>", "why", "<https://a.example|a>"),
        ("dance", "", ""),
    ],
)
def test_what_was_typed_is_understood(text: str, name: str, rest: str) -> None:
    assert command.asked(text) == command.Asked(name=name, rest=rest)


@pytest.mark.parametrize(
    ("rest", "position", "hours"),
    [
        ("ru-nato", "ru-nato", 24), ("ru-nato 6", "ru-nato", 6), ("ru-nato 48h", "ru-nato", 48), ("ru-nato 2 days", "ru-nato", 48),
        ("ru-nato 0", "ru-nato", 1), ("ru-nato 9999", "ru-nato", 720), ("ru-nato soon", "ru-nato", 24),
    ],
)  # fmt: skip
def test_a_mute_has_a_position_and_hours(rest: str, position: str, hours: float) -> None:
    assert command.mute_of(rest) == (position, hours)


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
        ("look <https://a.example/x|here> please", "https://a.example/x"),
        ("nothing", ""),
    ],
)
def test_a_link_is_found_as_slack_wraps_it(typed: str, link: str) -> None:
    assert modals.link_in(typed) == link


def test_a_trend_is_signs_and_words() -> None:
    weeks = (None, 1, -2, 0, 3)
    assert trend(weeks) == "▫️🟦🟧🟪🟦"
    assert trend_words(weeks) == "softer in 2, harder in 1, both ways in 1 of 5 weeks"
    assert trend_words((None, None)) == "no shift in 2 weeks"


@pytest.mark.parametrize("metadata", ["", "nonsense", "[]", '["a"]', "{}", "7"])
def test_a_window_of_another_version_remembers_nothing(metadata: str) -> None:
    assert modals.memory_of({"private_metadata": metadata}) == modals.Memory(subject="")


def _bad(view: dict[str, Any], **changes: object) -> dict[str, Any]:
    return view | changes


@pytest.mark.parametrize(
    "view",
    [
        {"type": "poem", "blocks": []},
        _bad(modals.told("A", "b"), colour="red"),
        _bad(modals.told("A", "b"), title={"type": "plain_text", "text": "x" * 25}),
        _bad(modals.track(date(2026, 1, 1), ""), submit=None),
        _bad(modals.told("A", "b"), blocks=[{"type": "divider"}] * 101),
    ],
)
def test_the_rules_for_views_find_what_breaks_them(view: dict[str, Any]) -> None:
    assert list(faults_of_view({name: value for name, value in view.items() if value is not None}))
