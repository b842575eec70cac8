from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.desk import (
    RejectReason,
    VerdictKind,
    details_of,
    draft_baseline,
    holder_from,
    mute_refusal,
    source_of,
    told_before,
    undo_refusal,
)
from bot.domain import Holder, Position, Voice

NOW = datetime(2026, 1, 14, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Norland could accept a pause, Foreign Minister Ada Berg said in Oster.", "Norland could accept a pause."),
        ("Berg told reporters in Oster that Norland could accept a pause.", "Norland could accept a pause."),
        ("“Twenty years is a time frame we can discuss,” Berg said.", "Norland: Twenty years is a time frame we can discuss."),
        ("Norland no longer rules out a pause", "Norland no longer rules out a pause."),
        ("We said no.", "Norland: We said no."),
        ("Oster could accept a pause of some years.", "Oster could accept a pause of some years."),
    ],
)  # fmt: skip
def test_a_draft_names_the_holder_and_leaves_out_who_said_it(words: str, line: str) -> None:
    assert draft_baseline("Norland", words, names=("Oster",)) == line


def test_a_draft_is_never_longer_than_a_line_may_be() -> None:
    assert len(draft_baseline("Norland", "very long words " * 200)) <= 600


def test_who_decided_what_and_when_is_one_sentence() -> None:
    assert told_before(VerdictKind.CONFIRM, by="Ada", at=NOW) == ("Ada confirmed this shift on 14 Jan 2026, 10:20 UTC.")
    rejected = told_before(VerdictKind.REJECT, by="Ada", at=NOW, reason=RejectReason.OTHER_SPEAKER)
    assert rejected == "Ada judged this no shift (somebody else's stance) on 14 Jan 2026, 10:20 UTC."
    labelled = told_before(VerdictKind.LABEL, by="", at=NOW, reason="softening")
    assert labelled == "Somebody labelled this statement (softening) on 14 Jan 2026, 10:20 UTC."


def test_a_verdict_can_be_taken_back_for_a_day() -> None:
    assert undo_refusal(at=NOW, now=NOW + timedelta(days=1)) == ""
    assert "within a day" in undo_refusal(at=NOW, now=NOW + timedelta(days=1, seconds=1))


def test_a_mute_ends_in_the_future_and_within_a_year() -> None:
    assert mute_refusal(now=NOW, until=NOW + timedelta(hours=1)) == ""
    assert mute_refusal(now=NOW, until=NOW)
    assert mute_refusal(now=NOW, until=NOW + timedelta(days=400))


def test_a_source_has_outlet_day_title_and_address() -> None:
    found = source_of(outlet="Wire", title="Pause", url="https://x/1", published=date(2026, 1, 14))
    assert found == "Wire, 14 Jan 2026: Pause, https://x/1"


def test_what_a_file_would_say_of_a_holder_comes_back_from_the_ledger() -> None:
    voices = (Voice(name="Ada Berg", aliases=("Berg",), role="minister", since=date(2025, 1, 1)),)
    holder = Holder(name="Norland", aliases=("Oster",), voices=voices)
    position = Position(id="p", holder=holder, topic="t", baseline="b", since=date(2026, 1, 1))
    assert holder_from("Norland", details_of(position)) == holder
