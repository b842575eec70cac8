"""What an alert shows, as a plain record on its way through the database: every notifier renders from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain import Account, Alert, Certainty, Relation


class About(StrEnum):
    """Why an alert is made: a line moved, two outlets have one statement otherwise, or two voices of one holder differ."""

    SHIFT = "shift"
    DIFFER = "differ"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A report of the shift: who carried it, under which title, where and when."""

    name: str
    title: str
    url: str
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The facts of one alert, unescaped.

    `probability` is that the line moved at all, `relation_probability` that it moved this way; `before` and `after` are
    the sentences around `words`; `first` is the report that opened the shift, `others` further ones; `mention` is the
    identifier of a Slack user group that is called, "" for none; `disputed` says what a conflicting account does to the
    shift ("denies it"), "" where there is none; `about` says why the alert is made where it is no plain shift.
    """

    key: str
    position_id: str
    holder: str
    topic: str
    baseline: str
    since: date
    source: str
    relation: Relation
    probability: float
    relation_probability: float
    words: str
    before: str
    after: str
    speaker: str
    certainty: Certainty
    evidence: str
    reason: str
    first: Outlet
    others: tuple[Outlet, ...] = ()
    mention: str = ""
    disputed: str = ""
    about: About = About.SHIFT


def card_of(alert: Alert, *, mention: str = "", disputed: str = "", about: About = About.SHIFT) -> Card:
    """Return what is shown of `alert`."""
    assessment = alert.assessment
    position, statement = assessment.candidate.position, assessment.candidate.statement
    return Card(
        key=alert.key,
        position_id=position.id,
        holder=position.holder.name,
        topic=position.topic,
        baseline=position.baseline,
        since=position.since,
        source=position.source,
        relation=assessment.relation,
        probability=assessment.shift_probability,
        relation_probability=assessment.probabilities.get(assessment.relation, 0.0),
        words=statement.text,
        before=statement.before,
        after=statement.after,
        speaker=statement.speaker,
        certainty=statement.certainty,
        evidence=assessment.evidence,
        reason=assessment.reason,
        first=Outlet(name=alert.outlet, title=alert.article_title, url=alert.article_url, published=alert.published),
        others=tuple(_outlet_of(account) for account in alert.accounts),
        mention=mention,
        disputed=disputed,
        about=about,
    )


def alert_record(
    alert: Alert, *, mention: str = "", disputed: str = "", about: About = About.SHIFT
) -> dict[str, object]:
    """Return the payload of `alert`'s delivery."""
    return record_of(card_of(alert, mention=mention, disputed=disputed, about=about))


def reply_record(
    alert: Alert, account: Account, *, says: str = "", heading: str = "", about: About = About.SHIFT
) -> dict[str, object]:
    """Return the payload of a delivery that tells of one more account of a shift, in the thread of its alert.

    `alert` has all accounts so far and is what the parent shows from now on. `says` is what the account does to the
    shift ("denies it"), "" where it bears it out; it disputes the shift unless a `heading` calls it something else.
    `about` is what the alert was made as.
    """
    parent = alert_record(alert, disputed="" if heading else says, about=about)
    return {"kind": "reply", "parent": parent, "account": _outlet_json(_outlet_of(account)), "words": account.text,
            "says": says, "heading": heading}  # fmt: skip


def renewed_record(shown: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """Return what an alert's message shows once `wanted` has come, `shown` being its record until now.

    Whom it calls stays, a dispute stays, and no outlet that was counted is forgotten, in whichever order replies go out.
    """
    more = max(_items(shown.get("others")), _items(wanted.get("others")), key=len)
    disputed = wanted.get("disputed") or shown.get("disputed", "")
    return {**wanted, "mention": shown.get("mention", ""), "disputed": disputed, "others": list(more)}


def digest_record(cards: Sequence[Card]) -> dict[str, object]:
    """Return the payload of a delivery that shows several held alerts in one message."""
    return {"kind": "digest", "cards": [record_of(card) for card in cards]}


def record_of(card: Card) -> dict[str, object]:
    """Return `card` as a JSON object; `card_from` reads it back."""
    return {
        "kind": "alert",
        "key": card.key,
        "position": card.position_id,
        "holder": card.holder,
        "topic": card.topic,
        "baseline": card.baseline,
        "since": card.since.isoformat(),
        "source": card.source,
        "relation": card.relation.value,
        "probability": card.probability,
        "relation_probability": card.relation_probability,
        "words": card.words,
        "before": card.before,
        "after": card.after,
        "speaker": card.speaker,
        "certainty": card.certainty.value,
        "evidence": card.evidence,
        "reason": card.reason,
        "first": _outlet_json(card.first),
        "others": [_outlet_json(outlet) for outlet in card.others],
        "mention": card.mention,
        "disputed": card.disputed,
        "about": card.about.value,
    }


def card_from(record: Mapping[str, object]) -> Card:
    """Return the card that `record_of` wrote, also one of an earlier version; ValueError where it is none."""
    try:
        return Card(
            key=str(record["key"]),
            position_id=str(record.get("position", "")),
            holder=str(record["holder"]),
            topic=str(record["topic"]),
            baseline=str(record["baseline"]),
            since=date.fromisoformat(str(record["since"])),
            source=str(record.get("source", "")),
            relation=Relation(str(record["relation"])),
            probability=float(str(record["probability"])),
            relation_probability=float(str(record.get("relation_probability", 0.0))),
            words=str(record["words"]),
            before=str(record.get("before", "")),
            after=str(record.get("after", "")),
            speaker=str(record.get("speaker", "")),
            certainty=Certainty(str(record.get("certainty", Certainty.REPORTED))),
            evidence=str(record.get("evidence", "")),
            reason=str(record.get("reason", "")),
            first=outlet_from(record["first"]),
            others=tuple(outlet_from(item) for item in _items(record.get("others"))),
            mention=str(record.get("mention", "")),
            disputed=str(record.get("disputed", "")),
            about=About(str(record.get("about", About.SHIFT))),
        )
    except KeyError as missing:
        raise ValueError(f"the record of an alert lacks {missing}") from None


def cards_of_digest(record: Mapping[str, object]) -> tuple[Card, ...]:
    """Return the cards of a digest's payload; ValueError where it is none."""
    return tuple(card_from(item) for item in _items(record.get("cards")) if isinstance(item, Mapping))


def outlet_from(record: object) -> Outlet:
    """Return the outlet that a record holds; ValueError where it holds none."""
    if not isinstance(record, Mapping):
        raise ValueError("the record of an alert has no outlet where one belongs")  # noqa: TRY004  # one error for all faults of a record
    return Outlet(
        name=str(record.get("name", "")),
        title=str(record.get("title", "")),
        url=str(record.get("url", "")),
        published=datetime.fromisoformat(str(record["published"])),
    )


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _outlet_of(account: Account) -> Outlet:
    return Outlet(name=account.outlet, title=account.title, url=account.url, published=account.published)


def _outlet_json(outlet: Outlet) -> dict[str, object]:
    return {"name": outlet.name, "title": outlet.title, "url": outlet.url, "published": outlet.published.isoformat()}
