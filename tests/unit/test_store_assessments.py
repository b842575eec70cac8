from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from bot.domain import (
    Assessment,
    Candidate,
    Certainty,
    Decision,
    Holder,
    Mode,
    Position,
    Relation,
    Ruling,
    Statement,
)
from bot.store import assessments, positions, schema, shifts, timeline
from bot.store.assessments import Judged
from bot.store.engine import snapshot, transaction

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
POSITION = Position(
    id="docks", holder=Holder(name="Union"), topic="wages", baseline="Nine percent.", since=date(2026, 1, 5)
)
STATEMENT = Statement(
    id="s1", article_id="a1", start=10, end=40, text="We could live with six.", before="He spoke.", after="Nobody clapped.",
    speaker="Ivo Kern", holder="Union", attributed=True, mode=Mode.COMMITMENT, certainty=Certainty.STATED, cue="said",
    source_start=2, source_end=8,
)  # fmt: skip


def judged(
    statement: Statement = STATEMENT, relation: Relation = Relation.SOFTENING, shift: str | None = None
) -> Judged:
    probabilities = {each: (0.75 if each is relation else 0.05) for each in Relation}
    return Judged(
        assessment=Assessment(
            candidate=Candidate(statement=statement, position=POSITION, similarity=0.625),
            relation=relation,
            probabilities=probabilities,
            evidence="live with six",
            reason="a number below the demand",
            model="m1",
        ),
        ruling=Ruling(decision=Decision.ALERT, reason="0.75 is above 0.5"),
        shift_key=shift,
    )


@pytest.fixture
def filed(store: Engine) -> Engine:
    """Two articles, the second a day later, and the position's first revision."""
    with transaction(store) as connection:
        for number in (1, 2):
            connection.execute(
                schema.articles.insert().values(
                    id=f"a{number}",
                    url=f"https://gazette.example/{number}",
                    title=f"Docks {number}",
                    outlet="Gazette",
                    published_at=NOW + timedelta(days=number),
                    fetched_at=NOW,
                    text="…",
                    text_hash="0",
                    state="pending",
                )
            )
        positions.seed(connection, [POSITION], NOW)
    return store


def rows(engine: Engine, table: str) -> int:
    with snapshot(engine) as connection:
        return connection.scalar(select(func.count()).select_from(schema.metadata.tables[table])) or 0


def test_saving_again_changes_nothing(filed: Engine) -> None:
    for expected in (1, 0):
        with transaction(filed) as connection:
            assert assessments.save_statements(connection, [STATEMENT]) == expected
            assert assessments.save_assessments(connection, [judged()], NOW) == expected
    assert (rows(filed, "statements"), rows(filed, "assessments")) == (1, 1)


def test_the_same_twice_in_one_call_counts_once(filed: Engine) -> None:
    with transaction(filed) as connection:
        assert assessments.save_statements(connection, [STATEMENT, STATEMENT]) == 1
        assert assessments.save_assessments(connection, [judged(), judged()], NOW) == 1


def test_the_first_judgement_of_a_statement_stays(filed: Engine) -> None:
    with transaction(filed) as connection:
        assessments.save_statements(connection, [STATEMENT])
        assessments.save_assessments(connection, [judged()], NOW)
        assert assessments.save_assessments(connection, [judged(relation=Relation.HARDENING)], NOW) == 0
        (entry,) = assessments.for_position(connection, POSITION.id)
    assert entry.relation is Relation.SOFTENING


def test_nothing_to_save_is_no_fault(store: Engine) -> None:
    with transaction(store) as connection:
        assert assessments.save_statements(connection, []) == 0
        assert assessments.save_assessments(connection, [], NOW) == 0


def test_an_assessment_needs_its_statement(filed: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(filed) as connection:
        assessments.save_assessments(connection, [judged()], NOW)


def test_a_timeline_gives_back_what_was_saved(filed: Engine) -> None:
    with transaction(filed) as connection:
        assessments.save_statements(connection, [STATEMENT])
        assessments.save_assessments(connection, [judged()], NOW)
    with snapshot(filed) as connection:
        (entry,) = assessments.for_position(connection, POSITION.id)
    assert entry.statement == STATEMENT
    assert entry.probabilities == judged().assessment.probabilities
    assert (entry.relation, entry.similarity, entry.evidence) == (Relation.SOFTENING, 0.625, "live with six")
    assert entry.ruling == judged().ruling
    assert (entry.article_title, entry.outlet) == ("Docks 1", "Gazette")
    assert (entry.published, entry.assessed_at) == (NOW + timedelta(days=1), NOW)
    assert (entry.position_id, entry.position_revision, entry.shift_key) == ("docks", 1, None)


def test_a_timeline_runs_from_the_newest_and_can_be_narrowed(filed: Engine) -> None:
    later = replace(STATEMENT, id="s2", article_id="a2")
    same = replace(STATEMENT, id="s3", start=50, end=60)
    with transaction(filed) as connection:
        assessments.save_statements(connection, [STATEMENT, later, same])
        assessments.save_assessments(connection, [judged(), judged(later, Relation.CONSISTENT), judged(same)], NOW)

        def found(**options: object) -> list[str]:
            return [entry.statement.id for entry in assessments.for_position(connection, POSITION.id, **options)]

        assert found() == ["s2", "s1", "s3"]
        assert found(limit=2) == ["s2", "s1"]
        assert found(relations={Relation.SOFTENING}) == ["s1", "s3"]
        assert found(relations=()) == []
        assert found(related=True, limit=3) == ["s2", "s1", "s3"]
        assert found(since=NOW + timedelta(days=2)) == ["s2"]
        assert assessments.for_position(connection, "unknown") == ()


def test_what_is_unrelated_takes_no_place_where_only_the_related_is_wanted(filed: Engine) -> None:
    later = replace(STATEMENT, id="s2", article_id="a2")
    with transaction(filed) as connection:
        assessments.save_statements(connection, [STATEMENT, later])
        assessments.save_assessments(connection, [judged(), judged(later, Relation.UNRELATED)], NOW)
        (only,) = assessments.for_position(connection, POSITION.id, related=True, limit=1)
        assert only.statement.id == "s1"
        counted = timeline.counts(connection, POSITION.id)
        assert counted == {Relation.SOFTENING: 1, Relation.UNRELATED: 1}
        assert timeline.related(counted) == 1


def test_a_shift_gathers_its_accounts_from_the_first(filed: Engine) -> None:
    later = replace(STATEMENT, id="s2", article_id="a2")
    shift = shifts.ShiftRecord(
        key="k", position_id="docks", position_revision=1, relation=Relation.SOFTENING, words="six", opened_at=NOW,
        last_seen_at=NOW,
    )  # fmt: skip
    with transaction(filed) as connection:
        assessments.save_statements(connection, [later, STATEMENT])
        shifts.save(connection, shift)
        assessments.save_assessments(connection, [judged(later, shift="k"), judged(shift="k")], NOW)
        assert [entry.statement.id for entry in assessments.for_shift(connection, "k")] == ["s1", "s2"]
        assert assessments.for_shift(connection, "other") == ()
