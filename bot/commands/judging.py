"""What the desk judged, and what it could judge next: for `train`."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.app import open_store
from bot.commands.output import emit, people
from bot.config import Settings, load_positions
from bot.core.naming import names_of
from bot.domain import Relation
from bot.errors import InputError
from bot.stages.desk import DeskActions
from bot.store import lessons, positions
from bot.store.assessments import TimelineEntry
from bot.store.engine import snapshot
from bot.training.desk_rows import DeskRow, desk_rows

LOOK_BACK = timedelta(days=60)
LISTED = 20


def rows_of_the_desk(settings: Settings) -> list[DeskRow]:
    """Return the store's verdicts as rows of training data; none where nobody judged anything yet."""
    if settings.database_url is None and not (settings.data_dir / "walkback.db").is_file():
        return []
    configured = load_positions(settings.config_path / "positions.yaml")
    with snapshot(open_store(settings)) as connection:
        tracked = positions.in_force(connection, configured)
        taught = lessons.taught(connection)
    return desk_rows(taught, {position.id: names_of(position.holder) for position in tracked})


def judge_by_hand(settings: Settings, labels: Sequence[str], *, review: bool, json_: bool) -> None:
    """File labels, then list what is most worth judging, where asked.

    Raises:
        InputError: a label is not ID=RELATION.
    """
    engine, now = open_store(settings), datetime.now(UTC)
    actions = DeskActions(engine)
    for identifier, relation in [_parsed(label) for label in labels]:
        outcome = actions.label(identifier, by=getpass.getuser(), now=now, relation=relation.value)
        people.print(outcome.told, markup=False)
    if not review:
        return
    with snapshot(engine) as connection:
        found = lessons.to_review(connection, since=now - LOOK_BACK, most=LISTED)
    if not found:
        people.print("There is nothing to judge: no statement of the last 60 days was close enough to a line.")
    for entry in found:
        if json_:
            emit(_line(entry))
        else:
            people.print(_words(entry), markup=False)


def _parsed(label: str) -> tuple[str, Relation]:
    identifier, _, name = label.partition("=")
    try:
        return identifier.strip(), Relation(name.strip())
    except ValueError:
        known = ", ".join(Relation)
        raise InputError(f"--label: {label!r} is not ID=RELATION. Relations: {known}.") from None


def _line(entry: TimelineEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "position": entry.position_id,
        "statement": entry.statement.text,
        "speaker": entry.statement.speaker,
        "relation": entry.relation.value,
        "probability": round(entry.shift_probability, 3),
        "url": entry.article_url,
        "published": entry.published.isoformat(),
    }


def _words(entry: TimelineEntry) -> str:
    head = f"{entry.id}  {entry.position_id}: {entry.relation.value}, a shift at {entry.shift_probability:.2f}"
    return f"{head}\n  {entry.statement.speaker or '-'}: {entry.statement.text}\n  {entry.article_url}"
