"""Slack messages out of records, by pure functions. Every limit of Block Kit holds whatever the words are."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.alert_words import confidence, day, fallback, headline, host, outlets, speaker
from bot.core.card import Card, Outlet, card_from, cards_of_digest, outlet_from
from bot.core.marks import marks_of
from bot.core.safe_text import clean
from bot.core.sample import LABEL, PREFIX
from bot.slack import limits
from bot.slack.buttons import decided, under
from bot.slack.daily import daily_blocks, daily_text
from bot.slack.escape import link, moment, mrkdwn, user_group
from bot.slack.parts import Block, context, header, section

EVENT_TYPE = "walkback_alert"


def message(record: Mapping[str, object], key: str, *, buttons: bool = False) -> dict[str, object]:
    """Return a delivery's payload as the arguments of chat.postMessage; `key` is its alert key.

    `buttons` is whether somebody listens to them. ValueError where the record is none that this project wrote.
    """
    match record.get("kind"):
        case "alert":
            card = card_from(record)
            text = (PREFIX if record.get("sample") else "") + fallback(card)
            return _message(mrkdwn(text, limits.FALLBACK), _alert(card, record, buttons=buttons), key)
        case "daily":
            return _message(mrkdwn(daily_text(record), limits.FALLBACK), daily_blocks(record), key)
        case "digest":
            cards = cards_of_digest(record)
            return _message(
                f"{_count(len(cards))}: " + mrkdwn("; ".join(map(headline, cards)), 2000), digest_blocks(cards), key
            )
        case "reply":
            return _reply(record, key)
        case other:
            raise ValueError(f"no message is known of the kind {other!r}")


def _alert(card: Card, record: Mapping[str, object], *, buttons: bool) -> list[Block]:
    if record.get("sample"):
        return [context(LABEL), *alert_blocks(card)]
    marks = marks_of(record)
    return [*alert_blocks(card), *decided(marks), *(under(card, marks) if buttons else [])]


def alert_blocks(card: Card) -> list[Block]:
    """Return an alert's blocks: who moved, which way and on what; the line that was; the words now; how sure; who else."""
    blocks = [header(headline(card)), section(_was(card)), section(_now(card)), context(_source(card))]
    why = mrkdwn(card.reason, 800)
    blocks.append(section(f"*{confidence(card)}.*" + (f"\nWhy: {why}" if why else "")))
    if card.disputed:
        blocks.append(section(f"*Disputed:* a later report {mrkdwn(card.disputed, 300)}. See the thread."))
    if also := outlets(card):
        blocks.append(context(mrkdwn(also, limits.CONTEXT)))
    if group := user_group(card.mention):
        blocks.append(section(f"For {group}"))
    return blocks


def digest_blocks(cards: tuple[Card, ...]) -> list[Block]:
    """Return a digest's blocks: one section for each of at most 48 alerts."""
    blocks = [header(_count(len(cards)))]
    for card in cards[: limits.BLOCKS - 2]:
        words, who = mrkdwn(card.words, 300), mrkdwn(card.speaker or card.first.name, 80)
        article = link(card.first.url, card.first.title or host(card.first.url) or "article", 120)
        lines = [f"*{mrkdwn(headline(card), 200)}*", f"> {words}", " · ".join(part for part in (who, article) if part)]
        blocks.append(section("\n".join(line for line in lines if line)))
    return blocks


def _was(card: Card) -> str:
    source = f" · {_source_of_line(card.source)}" if clean(card.source) else ""
    return f"*Was*, since {day(card.since)}{source}\n> {mrkdwn(card.baseline, 1200) or 'no wording on record'}"


def _source_of_line(source: str) -> str:
    return link(source, f"source: {host(source)}" if host(source) else f"source: {source}", 120)


def _now(card: Card) -> str:
    words = mrkdwn(card.words, 1300)
    quoted = [mrkdwn(card.before, 450), f"*{words}*" if words else "", mrkdwn(card.after, 450)]
    return f"*Now*, {moment(card.first.published)}\n> " + " ".join(part for part in quoted if part)


def _source(card: Card) -> str:
    return " · ".join([mrkdwn(speaker(card), 150), *_report(card.first)])


def _report(outlet: Outlet) -> list[str]:
    """Return an outlet's name, its linked title and its host, where that says more than the name."""
    name, site = mrkdwn(outlet.name, 80), mrkdwn(host(outlet.url), 80)
    parts = [name, link(outlet.url, outlet.title or site or "article"), site if site.lower() != name.lower() else ""]
    return [part for part in parts if part]


def _reply(record: Mapping[str, object], key: str) -> dict[str, object]:
    account, words, says = outlet_from(record.get("account")), str(record.get("words", "")), str(record.get("says", ""))
    heading = clean(str(record.get("heading", ""))) or "Disputed"
    lead = (
        f"*{mrkdwn(heading, 40)}:* {mrkdwn(account.name, 80) or 'a report'} {mrkdwn(says, 200)}"
        if clean(says)
        else "*Also reported*"
    )
    report = " · ".join([moment(account.published), *_report(account)])
    quoted = mrkdwn(words, 1000)
    text = mrkdwn(f"{heading if says else 'Also reported'}: {account.name or host(account.url)}: {words}", 1000)
    return _message(text, [section(f"{lead} · {report}" + (f"\n> {quoted}" if quoted else ""))], key)


def _count(number: int) -> str:
    return "1 alert that was held back" if number == 1 else f"{number} alerts that were held back"


def _message(text: str, blocks: list[Block], key: str) -> dict[str, object]:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"alert_key": key}}
    return {"text": text, "blocks": blocks, "metadata": metadata}
