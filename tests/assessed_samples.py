"""A line about tanks, and what a judge that each test scripts makes of an article's words: shared by tests of all stages."""

from __future__ import annotations

from datetime import date

from bot.domain import Article, Assessment, Candidate, Holder, Mode, Position, Relation, Statement, identify

NORLAND = Holder(name="Norland")


def tanks(
    baseline: str = "Norland will send no tanks.",
    *,
    holder: Holder = NORLAND,
    topic: str = "tanks",
    since: date = date(2026, 1, 1),
    source: str = "",
    revision: int = 1,
) -> Position:
    """The line that most tests judge by."""
    return Position(
        id="no-tanks", holder=holder, topic=topic, baseline=baseline, since=since, source=source, revision=revision
    )


def assessed(
    article: Article,
    words: str,
    relation: Relation,
    position: Position,
    *,
    probability: float = 0.8,
    rest: Relation | None = None,
    start: int | None = None,
    speaker: str = "Ada Berg",
    mode: Mode = Mode.ASSERTION,
    similarity: float = 0.7,
) -> Assessment:
    """Words of an article with what they do to a line; what `probability` leaves goes to `rest`, or to all alike."""
    begins = article.text.index(words) if start is None else start
    ends = begins + len(words)
    surname = speaker.rsplit(maxsplit=1)[-1] if speaker else ""
    named = words.find(surname) if surname else -1
    left = 1 - probability
    others = dict.fromkeys(Relation, 0.0) | {rest: left} if rest else dict.fromkeys(Relation, left / 5)
    return Assessment(
        candidate=Candidate(
            statement=Statement(
                id=identify(article.id, begins, ends),
                article_id=article.id,
                start=begins,
                end=ends,
                text=words,
                speaker=speaker,
                holder=position.holder.name if speaker else "",
                attributed=bool(speaker),
                mode=mode,
                source_start=begins + named if named >= 0 else None,
                source_end=begins + named + len(surname) if named >= 0 else None,
            ),
            position=position,
            similarity=similarity,
            title=article.title,
            published=article.published,
        ),
        relation=relation,
        probabilities=others | {relation: probability},
        evidence=words,
        reason="because",
        model="test",
    )
