"""Every message that goes out is one that Slack takes, whatever the words are."""

from __future__ import annotations

import json
import re

import pytest
from alert_samples import account, sample_alert
from block_rules import faults_of_blocks, faults_of_message
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.card import alert_record, card_of, digest_record, record_of, reply_record
from bot.core.dispatch import DIGEST_SIZE
from bot.domain import Alert, Relation
from bot.slack.blocks import message

NASTY = (
    "<!channel> <@U012AB3CD> <!here|now> <http://evil.example|bank.com> *x* `y` ~z~ _w_ &amp; > quote\n```block```",
    "A very long sentence that never comes to an end " * 80,
    "Ends. " * 700,
    "&<>" * 1100,
    "\u202eevil\u202c \u200b\u200d\ufeff \u2067x",
    "🇺🇦👨‍👩‍👧‍👦🏳️‍🌈" * 400,
    "Ͳ̷̛͔̤̙̗͎̙͛̾̉͝" * 300,  # a pile of combining marks
    "\x00\x1b[2J\r\n\t",
    "\ud800 lonely",
    ":rotating_light: @channel #general http://auto.example",
    "",
    " ",
    "x",
)
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=300), st.text(alphabet="&<>*_~` .\n", max_size=4000))
urls = st.one_of(
    st.just(""),
    texts,
    st.builds("https://a.example/{}".format, texts),
    st.sampled_from(["javascript:alert(1)", "https://[", "http://a.example/" + "x" * 5000]),
)


def shown_for(alert: Alert) -> dict[str, object]:
    return message(alert_record(alert), alert.key)


def allowed_markup(text: str) -> bool:
    """Whether the only control sequences are a time, a link and the desk's own user group."""
    sequences = re.findall(r"<([^>]*)>", text)
    return all(re.match(r"https?://|!date\^|!subteam\^S[A-Z0-9]+$", sequence) for sequence in sequences)


def test_an_alert_reads_from_who_moved_to_why() -> None:
    payload = shown_for(sample_alert(accounts=(account(1), account(2))))
    shown = [block["text"]["text"] if "text" in block else block["elements"][0]["text"] for block in payload["blocks"]]
    was = "Russia rejects any membership of Ukraine in NATO, including one delayed for decades."
    words = "Moscow could live with a twenty-year pause in the accession talks, Orlova told reporters in Astana."
    article = "<https://wire.example.com/world/envoy?id=7&amp;page=2|Moscow open to long pause, says envoy>"
    when = "<!date^1768386000^{date_short_pretty}, {time}|14 Jan 2026, 10:20 UTC>"
    why = "A condition under which the holder would accept what the line refuses."
    assert shown == [
        "Russia softens on Ukraine's NATO membership",
        f"*Was*, since 26 Dec 2024 · <https://www.example.org/briefing/2024-12-26|source: example.org>\n> {was}",
        f"*Now*, {when}\n> The two delegations met for a second day. *{words}* She named no date for the next round.",
        f"Irina Orlova, cited directly · Example Wire · {article} · wire.example.com",
        f"*Likely (82%) a real shift; if so, most likely a softening (75%).*\nWhy: {why}",
        "Also in 2 more reports: Outlet 1, Outlet 2",
    ]
    assert payload["metadata"] == {"event_type": "walkback_alert", "event_payload": {"alert_key": "a1b2c3"}}
    assert payload["text"].startswith("Russia softens on Ukraine's NATO membership. Now: “Moscow could live")


def test_there_is_no_dead_button() -> None:
    assert "actions" not in {block["type"] for block in shown_for(sample_alert())["blocks"]}


@settings(max_examples=150)
@given(data=st.data(), relation=st.sampled_from(list(Relation)), many=st.integers(0, 30), probability=st.floats(0, 1))
def test_an_alert_keeps_every_rule_for_adversarial_content(
    data: st.DataObject, relation: Relation, many: int, probability: float
) -> None:
    words = {
        name: data.draw(texts)
        for name in ("holder", "topic", "baseline", "words", "before", "after", "speaker", "reason", "title", "outlet")
    }
    accounts = tuple(account(n, outlet=data.draw(texts), title=words["title"]) for n in range(many))
    alert = sample_alert(
        **words,
        source=data.draw(urls),
        url=data.draw(urls),
        relation=relation,
        probability=probability,
        accounts=accounts,
    )
    card = card_of(alert, mention=data.draw(st.sampled_from(["", "S012ABC", "<!channel>"])), disputed=data.draw(texts))
    payload = message(record_of(card), alert.key)
    assert list(faults_of_message(payload)) == []
    for text in [payload["text"], *texts_of(payload["blocks"])]:
        assert allowed_markup(text), text
        assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x09\x0b-\x1f]", text)


@settings(max_examples=60)
@given(st.lists(st.tuples(texts, urls), min_size=1, max_size=DIGEST_SIZE), st.sampled_from(list(Relation)))
def test_a_digest_keeps_every_rule(items: list[tuple[str, str]], relation: Relation) -> None:
    cards = [
        card_of(sample_alert(words=text, topic=text, title=text, url=url, relation=relation)) for text, url in items
    ]
    payload = message(digest_record(cards), "digest")
    assert list(faults_of_message(payload)) == []
    assert all(allowed_markup(text) for text in texts_of(payload["blocks"]))


@settings(max_examples=60)
@given(texts, texts, urls)
def test_a_reply_keeps_every_rule(words: str, says: str, url: str) -> None:
    report = account(1, text=words, outlet=words, title=words, url=url)
    payload = message(reply_record(sample_alert(accounts=(report,)), report, says=says), "reply")
    assert list(faults_of_message(payload)) == []
    assert all(allowed_markup(text) for text in texts_of(payload["blocks"]))


def test_a_long_statement_is_cut_at_a_sentence_and_still_bold() -> None:
    payload = shown_for(sample_alert(words="He said that they would talk again soon. " * 90, before="", after=""))
    now = payload["blocks"][2]["text"]["text"]
    assert now.endswith("talk again soon. …*")


def test_a_disputed_alert_says_so_in_its_first_line_and_below() -> None:
    payload = message(record_of(card_of(sample_alert(), disputed="denies it")), "k")
    assert payload["blocks"][0]["text"]["text"].startswith("Disputed: ")
    assert "denies it" in json.dumps(payload["blocks"])


def test_a_record_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        message({"kind": "poem"}, "k")


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [{"type": "poem"}],
        [{"type": "divider"}] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "colour": "red"}}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "context", "elements": []}],
    ],
)
def test_the_rules_used_here_find_what_breaks_them(blocks: list[dict[str, object]]) -> None:
    assert list(faults_of_blocks(blocks))


def texts_of(blocks: list[dict[str, object]]) -> list[str]:
    return [text["text"] for block in blocks for text in (block.get("elements") or [block["text"]])]
