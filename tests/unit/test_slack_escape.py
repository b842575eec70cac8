"""Words from a feed enter a message as words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import limits
from bot.slack.escape import link, moment, mrkdwn, plain, user_group

MARKUP = re.compile(r"<[^>]*>")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("<!channel> wake up", "&lt;!channel&gt; wake up"),
        ("ask <@U012AB3CD>", "ask &lt;@U012AB3CD&gt;"),
        ("<http://evil.example|bank.com>", "&lt;http://evil.example|bank.com&gt;"),
        ("AT&T &lt;3", "AT&amp;T &amp;lt;3"),
        ("a *bold* ~claim~ in `code`", "a ∗bold∗ ∼claim∼ in ˋcodeˋ"),  # noqa: RUF001  # lookalikes are what is sent
        ("_slanted_ but snake_case", "＿slanted＿ but snake_case"),  # noqa: RUF001  # lookalikes are what is sent
        ("two\n> lines", "two &gt; lines"),
    ],
)
def test_no_mention_link_or_format_is_live(text: str, sent: str) -> None:
    assert mrkdwn(text) == sent


@given(st.text(), st.integers(0, 300))
def test_sent_text_has_no_control_character_and_keeps_its_limit(text: str, limit: int) -> None:
    sent = mrkdwn(text, limit)
    assert not set(sent) & set("<>*~`\n")
    assert re.sub(r"&(amp|lt|gt);", "", sent).count("&") == 0
    assert limits.size(sent) <= limit


def test_a_cut_splits_no_entity() -> None:
    assert mrkdwn("&" * 50, 23) == "&amp;&amp;&amp;&amp; …"


@given(st.text(), st.integers(1, 200))
def test_plain_text_has_nothing_to_escape(text: str, limit: int) -> None:
    sent = plain(text, limit)
    assert not set(sent) & set("<>&")
    assert limits.size(sent) <= limit


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://a.example/x?b=1&c=2", "<https://a.example/x?b=1&amp;c=2|label>"),
        ("https://a.example/x|y>z<!channel>", "<https://a.example/x%7Cy%3Ez%3C!channel%3E|label>"),
        ("https://a.example/ü", "<https://a.example/%C3%BC|label>"),
        ("https://a.example/\u202egpj.exe", "<https://a.example/%E2%80%AEgpj.exe|label>"),
        ("javascript:alert(1)", "label"),
        ("slack://channel?id=C1", "label"),
        ("https://", "label"),
        ("//a.example/x", "label"),
        ("https://bank.example@evil.example/", "label"),
        ("https://аррӏе.example/", "label"),  # noqa: RUF001  # a host in Cyrillic that reads as another
        ("https://[broken/", "label"),
        ("https://a.example/" + "x" * 2000, "label"),
        ("", "label"),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url: str, sent: str) -> None:
    assert link(url, "label") == sent


@given(st.text(), st.text())
def test_a_link_has_one_pair_of_brackets_or_none(url: str, label: str) -> None:
    for address in (url, f"https://a.example/{url}"):
        sent = link(address, label)
        assert sent.count("<") == sent.count(">") <= 1
        assert not sent.startswith("<") or re.fullmatch(r"<https?://[^\s<>|]+\|[^<>|]*(\|[^<>]*)?>", sent)


def test_a_time_is_shown_in_the_readers_zone_with_utc_as_fallback() -> None:
    sent = moment(datetime(2026, 1, 14, 10, 20, tzinfo=UTC))
    assert sent == "<!date^1768386000^{date_short_pretty}, {time}|14 Jan 2026, 10:20 UTC>"


@pytest.mark.parametrize(
    ("group", "sent"), [("S012ABC", "<!subteam^S012ABC>"), ("S1|x>", ""), ("channel", ""), ("", "")]
)
def test_only_a_user_groups_identifier_is_a_mention(group: str, sent: str) -> None:
    assert user_group(group) == sent
