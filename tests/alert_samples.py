"""An alert to post, written for the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.domain import Account, Alert, Assessment, Candidate, Certainty, Holder, Position, Relation, Statement

PUBLISHED = datetime(2026, 1, 14, 10, 20, tzinfo=UTC)
WORDS = "Moscow could live with a twenty-year pause in the accession talks, Orlova told reporters in Astana."


def sample_alert(
    *,
    key: str = "a1b2c3",
    relation: Relation = Relation.SOFTENING,
    probability: float = 0.82,
    holder: str = "Russia",
    topic: str = "Ukraine's NATO membership",
    baseline: str = "Russia rejects any membership of Ukraine in NATO, including one delayed for decades.",
    source: str = "https://www.example.org/briefing/2024-12-26",
    position_id: str = "ru-nato",
    channel: str = "C0DESK1",
    words: str = WORDS,
    before: str = "The two delegations met for a second day.",
    after: str = "She named no date for the next round.",
    speaker: str = "Irina Orlova",
    certainty: Certainty = Certainty.STATED,
    reason: str = "A condition under which the holder would accept what the line refuses.",
    title: str = "Moscow open to long pause, says envoy",
    url: str = "https://wire.example.com/world/envoy?id=7&page=2",
    outlet: str = "Example Wire",
    accounts: tuple[Account, ...] = (),
) -> Alert:
    rest = 1.0 - probability
    probabilities = dict.fromkeys(Relation, 0.0) | {Relation.CONSISTENT: rest, relation: probability * 0.75}
    other = Relation.NEW_OFFER if relation is not Relation.NEW_OFFER else Relation.SOFTENING
    probabilities[other] += probability * 0.25
    position = Position(
        id=position_id, holder=Holder(name=holder), topic=topic, baseline=baseline, since=date(2024, 12, 26), source=source,
        channel=channel,
    )  # fmt: skip
    statement = Statement(
        id="s1", article_id="a1", start=0, end=len(words), text=words, before=before, after=after, speaker=speaker,
        holder=holder, attributed=True, certainty=certainty,
    )  # fmt: skip
    assessment = Assessment(
        candidate=Candidate(statement=statement, position=position, similarity=0.7, title=title, published=PUBLISHED),
        relation=relation, probabilities=probabilities, evidence="could live with", reason=reason, model="test",
    )  # fmt: skip
    return Alert(
        key=key, assessment=assessment, article_title=title, article_url=url, outlet=outlet, published=PUBLISHED,
        accounts=accounts,
    )  # fmt: skip


def account(number: int, **changes: str) -> Account:
    values = {
        "outlet": f"Outlet {number}",
        "title": f"Envoy speaks of a pause, version {number}",
        "url": f"https://outlet{number}.example.com/story",
        "text": "The envoy said that Moscow could accept a pause of twenty years.",
    }
    return Account(published=PUBLISHED, **(values | changes))
