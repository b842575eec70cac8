"""A ledger of any size, written for tests, proofs and benchmarks: every holder, outlet and word in it is invented."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine

from bot.domain import Decision, DeliveryState, Relation, identify, text_hash
from bot.store import schema
from bot.store.engine import transaction

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOLDERS = ("Valdoria", "Ostmark", "The Dockers' Union", "Kestrel Bank", "Northern Isles", "Republic of Maren")
TOPICS = (
    "the canal treaty",
    "wages at the ports",
    "the base rate",
    "fishing rights",
    "the border wall",
    "grain exports",
)
OUTLETS = ("The Gazette", "Harbour Wire", "Morning Ledger", "Radio Meridian", "Capital Post")
SPEAKERS = ("Minister Adela Brandt", "Tomas Vey", "the spokesperson", "Ines Okoro", "")
SAYINGS = {
    Relation.UNRELATED: "Talks on other matters went on late into the night, {speaker} said.",
    Relation.CONSISTENT: "We have said it before and say it again: nothing changes on {topic}, {speaker} said.",
    Relation.SOFTENING: "We could live with a pause of {n} years on {topic}, {speaker} said.",
    Relation.HARDENING: "{topic} must now cover all {n} districts, and soon, {speaker} said.",
    Relation.CONTRADICTION: "There is no objection to {topic} any longer, {speaker} said.",
    Relation.NEW_OFFER: "We are ready to sign a pledge of {n} years on {topic}, {speaker} said.",
}
WEIGHTS = (6, 30, 3, 2, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was written: the positions' ids, and the keys of the shifts, the newest first."""

    positions: tuple[str, ...]
    shifts: tuple[str, ...]


def fill(
    engine: Engine,
    *,
    positions: int = 6,
    statements: int = 60,
    feeds: int = 8,
    now: datetime = NOW,
    seed: int = 7,
    start: int = 0,
) -> Filled:
    """Write a ledger whose last statement is an hour old; the same for the same numbers.

    `start` numbers what is written, so that a further part can be written into the same store.
    """
    rng = random.Random(seed)
    with transaction(engine) as connection:
        ids = _positions(connection, range(start, start + positions), now)
        _feeds(connection, feeds, now, start)
        keys = _statements(connection, ids, range(start, start + statements), now, rng)
        _tallies(connection, statements, now, start)
    return Filled(positions=ids, shifts=keys)


def holder_of(number: int) -> str:
    return HOLDERS[number % len(HOLDERS)] + (f" {number // 36 + 1}" if number >= 36 else "")


def topic_of(number: int) -> str:
    return TOPICS[(number + number // len(HOLDERS)) % len(TOPICS)]


def _positions(connection: Connection, numbers: range, now: datetime) -> tuple[str, ...]:
    rows = []
    for number in numbers:
        row = {
            "id": f"pos-{number:03d}",
            "revision": 1,
            "holder": holder_of(number),
            "topic": topic_of(number),
            "baseline": f"{holder_of(number)} rejects any change to {topic_of(number)}, now or later.",
            "since": "2025-03-01",
            "source": "https://archive.example/briefing",
            "origin": "configuration",
            "set_by": "",
            "set_at": now - timedelta(days=200),
        }
        rows.append(row)
        if number % 3 == 0:
            moved = {"baseline": f"{holder_of(number)} accepts talks about {topic_of(number)}.", "revision": 2}
            moved |= {"since": date(2026, 9, 1).isoformat(), "origin": "confirmed", "set_by": "Ada"}
            rows.append(row | moved | {"set_at": now - timedelta(days=79)})
    connection.execute(schema.positions.insert(), rows)
    return tuple(f"pos-{number:03d}" for number in numbers)


def _feeds(connection: Connection, n: int, now: datetime, start: int) -> None:
    rows = []
    for number in range(n):
        problem = {0: "the server answered 503", 1: "silent for 90 hours, over three times its usual pause"}.get(
            number, ""
        )
        rows.append(
            {
                "url": f"https://feed{start + number}.example/rss", "name": f"{OUTLETS[number % len(OUTLETS)]} {number}",
                "outlet": OUTLETS[number % len(OUTLETS)], "fetch_url": f"https://feed{number}.example/rss",
                "next_poll_at": now + timedelta(minutes=number - 1), "created_at": now - timedelta(days=90),
                "last_success_at": now - timedelta(hours=number + 1), "last_new_at": now - timedelta(hours=number + 2),
                "last_poll_at": now - timedelta(minutes=4), "failures": 3 if number == 0 else 0, "last_problem": problem,
                "last_outcome": "unavailable" if number == 0 else "ok",
            }
        )  # fmt: skip
    if rows:
        connection.execute(schema.feeds.insert(), rows)


def _statements(
    connection: Connection, ids: tuple[str, ...], numbers: range, now: datetime, rng: random.Random
) -> tuple[str, ...]:
    made: dict[str, list[dict[str, object]]] = {
        "articles": [],
        "statements": [],
        "shifts": [],
        "assessments": [],
        "deliveries": [],
    }
    last: dict[str, dict[str, object]] = {}
    for number in numbers:
        index = rng.randrange(len(ids))
        at = now - timedelta(hours=1) - timedelta(minutes=(numbers[-1] - number) * 180 * 24 * 60 / len(numbers))
        relation = rng.choices(list(Relation), WEIGHTS)[0]
        if relation.is_shift and ids[index] in last and rng.random() < 0.6:
            relation = Relation(str(last[ids[index]]["relation"]))  # most often somebody else tells the same
        _statement(made, last, ids[index], index, number, at, relation, rng)
    for name, rows in made.items():
        if rows:
            connection.execute(schema.metadata.tables[name].insert(), rows)
    return tuple(str(row["key"]) for row in reversed(made["shifts"]))


def _statement(made, last, position_id, index, number, at, relation, rng) -> None:
    speaker = rng.choice(SPEAKERS)
    words = SAYINGS[relation].format(topic=topic_of(index), n=rng.randrange(2, 40), speaker=speaker or "an official")
    article, statement = identify("article", number), identify("statement", number)
    outlet = rng.choice(OUTLETS)
    made["articles"].append(
        {
            "id": article, "url": f"https://{identify(outlet)[:6]}.example/story/{number}",
            "title": f"{holder_of(index)} on {topic_of(index)}", "outlet": outlet, "published_at": at, "fetched_at": at,
            "language": "en", "text": words,
            "text_hash": text_hash(words), "state": "assessed", "assessed_at": at,
        }
    )  # fmt: skip
    made["statements"].append(
        {
            "id": statement, "article_id": article, "start": 0, "end": len(words), "text": words, "speaker": speaker,
            "mode": "assertion", "certainty": "stated" if speaker else "reported",
        }
    )  # fmt: skip
    key = None
    if relation.is_shift:
        known = last.get(position_id)
        if known and known["relation"] == relation.value and rng.random() < 0.8:
            known["last_seen_at"], key = at, known["key"]
        else:
            key = identify("shift", number)
            shift = {
                "key": key, "position_id": position_id, "position_revision": 1, "relation": relation.value, "words": words,
                "opened_at": at, "last_seen_at": at, "alerted": rng.random() < 0.8,
            }  # fmt: skip
            made["shifts"].append(shift)
            last[position_id] = shift
            if shift["alerted"]:
                made["deliveries"].append(_delivery(key, position_id, at))
    told = relation.is_shift and last[position_id]["alerted"]
    chances = {one.value: 0.04 for one in Relation} | {relation.value: 0.8}
    made["assessments"].append(
        {
            "id": identify("assessment", number), "statement_id": statement, "position_id": position_id,
            "position_revision": 1, "relation": relation.value, "probabilities": chances, "similarity": 0.7,
            "evidence": words.split(",")[0] if relation.is_shift else "", "reason": "what the words do to the line",
            "decision": Decision.ALERT.value if told else Decision.SILENT.value,
            "decision_reason": "over the threshold" if told else "below the threshold", "model": "sample",
            "shift_key": key, "assessed_at": at,
        }
    )  # fmt: skip


def _delivery(key: object, position_id: str, at: datetime) -> dict[str, object]:
    return {
        "id": identify("delivery", key), "alert_key": key, "position_id": position_id, "channel": "#desk",
        "payload": {"kind": "alert", "first": {"published": at.isoformat()}}, "state": DeliveryState.POSTED.value,
        "not_before": at, "created_at": at, "posted_at": at + timedelta(seconds=40), "ref": "1.2",
    }  # fmt: skip


def _tallies(connection: Connection, statements: int, now: datetime, start: int) -> None:
    if start:
        return
    today, earlier = now.date().isoformat(), (now.date() - timedelta(days=20)).isoformat()
    rows = [
        ("ingest", "article", "", statements), ("ingest", "skipped", "nothing to read", 5),
        ("ingest", "poll_failed", "timeout", 2),
        ("ingest", "polled", "ok", 40), ("assess", "assessed", "candidates found", statements),
        ("assess", "skipped", "consent_wall", 3),
        ("assess", "failed", "ValueError", 1), ("assess", "dropped", "holder not near", 12), ("assess", "alert", "softening", 60),
        ("assess", "silent", "consistent", 200), ("deliver", "posted", "", 9), ("deliver", "retry", "rate limited", 1),
        ("desk", "confirm", "", 1),
    ]  # fmt: skip
    made = [{"day": today, "stage": s, "outcome": o, "reason": r, "n": n} for s, o, r, n in rows]
    made += [{"day": earlier, "stage": s, "outcome": o, "reason": r, "n": n} for s, o, r, n in rows if s == "assess"]
    connection.execute(schema.tallies.insert(), made)
