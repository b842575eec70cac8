"""The stage that shows alerts: nothing lost, nothing shown twice, nobody starved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from alert_samples import account, sample_alert
from sqlalchemy import Engine, select
from structlog.testing import capture_logs

from bot.core import dispatch
from bot.core.card import alert_record, reply_record
from bot.core.dispatch import Kind
from bot.core.policies import DispatchPolicy, QuietHours
from bot.domain import Delivery, Relation
from bot.errors import DeliveryFault
from bot.ports import PostOutcome, PostOutcomeKind
from bot.stages.deliver import Deliver
from bot.store import deliveries, schema, tallies
from bot.store.engine import transaction

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)


def outcome(kind: str, reason: str = "", retry_after_s: float | None = None) -> PostOutcome:
    return PostOutcome(kind=PostOutcomeKind(kind), reason=reason, retry_after_s=retry_after_s)


class Screen:
    """A notifier that does as it is told and remembers what is on screen."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.payloads: list[dict[str, object]] = []
        self.looked: list[str] = []
        self.answers: dict[str, list[PostOutcome | Exception]] = {}
        self.blind: list[Exception] = []
        self.accepts_in_silence = False

    def post(self, delivery: Delivery) -> PostOutcome:
        answers = self.answers.get(delivery.channel)
        answer = answers.pop(0) if answers else None
        if answer is None or self.accepts_in_silence:
            self.shown.append((delivery.channel, delivery.alert_key))
            self.payloads.append(delivery.payload)
        if isinstance(answer, Exception):
            raise answer
        return answer or PostOutcome(kind=PostOutcomeKind.POSTED, ref=f"{delivery.channel}:{delivery.alert_key}")

    def find(self, delivery: Delivery) -> str | None:
        self.looked.append(delivery.alert_key)
        if self.blind:
            raise self.blind.pop(0)
        here = (delivery.channel, delivery.alert_key)
        return ":".join(here) if here in self.shown else None


@pytest.fixture
def engine(store: Engine) -> Engine:
    return store


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def stage(engine: Engine, screen: Screen) -> Callable[..., Deliver]:
    def made(**policy: object) -> Deliver:
        return Deliver(engine, screen, DispatchPolicy(**policy), lease_s=60)

    return made


def add(
    engine: Engine, key: str, channel: str = "C1", *, position: str = "p", at: datetime = NOW, **options: object
) -> bool:
    relation = options.pop("relation", Relation.SOFTENING)
    values: dict[str, object] = {
        "payload": alert_record(sample_alert(key=key, relation=relation)),
        "priority": dispatch.priority(relation, 0.7),
    }
    with transaction(engine) as connection:
        return deliveries.add(
            connection, alert_key=key, position_id=position, channel=channel, now=at, **(values | options)
        )


def rows(engine: Engine) -> dict[str, tuple[str, str, str]]:
    table = schema.deliveries.c
    with transaction(engine) as connection:
        found = connection.execute(select(table.alert_key, table.state, table.ref, table.reason)).all()
    return {key: (state, ref, reason) for key, state, ref, reason in found}


def tally(engine: Engine) -> dict[tuple[str, str], int]:
    with transaction(engine) as connection:
        return {(row.outcome, row.reason): row.n for row in tallies.totals(connection, NOW.date())}


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def run_until(stage: Deliver, start: float, end: float, step: float = 1.0) -> None:
    at = start
    while at <= end:
        stage.run_once(later(at))
        at += step


def test_an_alert_is_shown_once_and_a_second_round_shows_nothing(engine: Engine, stage, screen: Screen) -> None:
    assert add(engine, "k1")
    assert not add(engine, "k1")
    report = stage().run_once(NOW)
    assert (report.outcomes, report.attempted, report.next_at) == ({"posted": 1}, 1, None)
    assert stage().run_once(later(5)).outcomes == {}
    assert screen.shown == [("C1", "k1")]
    assert rows(engine)["k1"] == ("posted", "C1:k1", "")
    assert tally(engine) == {("posted", ""): 1}


def test_each_channel_gets_one_message_a_second_and_all_channels_at_once(engine: Engine, stage, screen: Screen) -> None:
    for channel in ("C1", "C2", "C3", "C4", "C5", "C6"):
        for number in range(2):
            add(engine, f"{channel}-{number}", channel)
    assert stage().run_once(NOW).outcomes == {"posted": 6}
    assert stage().run_once(later(0.5)).outcomes == {}
    assert stage().run_once(later(1.5)).outcomes == {"posted": 6}


def test_contradictions_go_first_and_positions_take_turns(engine: Engine, stage, screen: Screen) -> None:
    for number in range(4):
        add(engine, f"noisy{number}", position="noisy", at=later(number - 50))
    add(engine, "calm", position="calm", at=later(-10))
    add(engine, "turned", position="noisy", at=later(-1), relation=Relation.CONTRADICTION)
    run_until(stage(), 0, 12, 2)
    assert [key for _, key in screen.shown] == ["turned", "calm", "noisy0", "noisy1", "noisy2", "noisy3"]


def test_a_rate_limit_stops_its_channel_for_as_long_as_asked_and_no_other(
    engine: Engine, stage, screen: Screen
) -> None:
    for number in range(3):
        add(engine, f"limited{number}", "C1", at=later(number - 5))
        add(engine, f"free{number}", "C2", at=later(number - 5))
    screen.answers["C1"] = [outcome("retry", "ratelimited", 30.0)]
    run_until(stage(), 0, 28, 2)
    assert screen.shown == [("C2", "free0"), ("C2", "free1"), ("C2", "free2")]
    run_until(stage(), 31, 37, 2)
    assert [key for channel, key in screen.shown if channel == "C1"] == ["limited0", "limited1", "limited2"]


def test_a_post_that_was_taken_in_silence_is_found_and_not_repeated(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    screen.answers["C1"], screen.accepts_in_silence = [outcome("doubtful", "timed_out")], True
    assert stage().run_once(NOW).outcomes == {"doubtful": 1}
    run_until(stage(), 2, 20, 2)
    assert (screen.shown, screen.looked) == ([("C1", "k1")], ["k1"])
    assert rows(engine)["k1"] == ("posted", "C1:k1", "")


def test_a_post_that_was_lost_is_looked_up_and_then_repeated(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    screen.answers["C1"] = [outcome("doubtful", "dropped")]
    run_until(stage(), 0, 20, 2)
    assert (screen.shown, screen.looked) == ([("C1", "k1")], ["k1"])
    assert tally(engine) == {("doubtful", "dropped"): 1, ("absent", dispatch.NOT_SHOWN): 1, ("posted", ""): 1}


def test_a_doubt_is_not_settled_while_slack_cannot_be_asked(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    screen.answers["C1"], screen.accepts_in_silence = [outcome("doubtful", "dropped")], True
    screen.blind = [DeliveryFault("timed_out"), DeliveryFault("ratelimited", retry_after_s=40.0)]
    run_until(stage(), 0, 50, 5)
    assert rows(engine)["k1"][0] == "doubtful"
    run_until(stage(), 55, 90, 5)
    assert rows(engine)["k1"][0] == "posted"
    assert screen.shown == [("C1", "k1")]


def test_a_claim_left_by_a_dead_process_is_looked_up_when_it_runs_out(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "shown")
    add(engine, "unshown", "C2")
    claim_all(engine)
    screen.shown.append(("C1", "shown"))
    run_until(stage(), 1, 59, 10)
    assert screen.looked == []
    run_until(stage(), 61, 64)
    assert screen.shown == [("C1", "shown"), ("C2", "unshown")]
    assert {state for state, _, _ in rows(engine).values()} == {"posted"}


def test_a_process_that_delivers_alone_recovers_without_waiting(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    claim_all(engine)
    assert stage().recover(later(1)) == 1
    run_until(stage(), 1, 10)
    assert (screen.looked, screen.shown) == (["k1"], [("C1", "k1")])


def test_what_a_person_must_mend_is_kept_told_and_goes_once_it_is_mended(engine: Engine, stage, screen: Screen) -> None:
    for number in range(3):
        add(engine, f"k{number}")
    screen.answers["C1"] = [outcome("mend", "not_in_channel")] * 2
    with capture_logs() as logs:
        run_until(stage(), 0, 1000, 50)
    assert [log["log_level"] for log in logs if log.get("outcome") == "mend"] == ["error", "error"]
    assert tally(engine)["mend", "not_in_channel"] == 2
    assert screen.shown == []
    run_until(stage(), 1852, 1862, 2)
    assert sorted(key for _, key in screen.shown) == ["k0", "k1", "k2"]


def test_one_that_goes_through_wakes_those_that_failed_before_it(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "failed", at=later(-9))
    add(engine, "late", at=later(10))
    screen.answers["C1"] = [outcome("retry", "unreachable")]
    run_until(stage(first_retry_s=600), 0, 14, 2)
    assert [key for _, key in screen.shown] == ["late", "failed"]


def test_a_message_that_slack_refuses_for_good_is_dead_with_its_reason(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    screen.answers["C1"] = [outcome("bug", "msg_too_long")]
    assert stage().run_once(NOW).outcomes == {"bug": 1}
    assert rows(engine)["k1"] == ("dead", "", "bug: msg_too_long")
    with transaction(engine) as connection:
        assert [dead.alert_key for dead in deliveries.troubled(connection)] == ["k1"]


def test_an_unforeseen_error_concerns_one_delivery_and_is_given_up_at_last(
    engine: Engine, stage, screen: Screen
) -> None:
    add(engine, "bad")
    add(engine, "good", "C2")
    screen.answers["C1"] = [KeyError("boom")] * 3
    with capture_logs() as logs:
        run_until(stage(max_attempts=3), 0, 120, 4)
    assert rows(engine)["bad"] == ("dead", "", "bug: unexpected KeyError")
    assert rows(engine)["good"][0] == "posted"
    assert any(log.get("exc_info") for log in logs)


def test_an_outage_ends_in_a_digest_and_not_in_silence(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "k1")
    screen.answers["C1"] = [outcome("retry", "unreachable")] * 3
    run_until(stage(max_attempts=3), 0, 60, 4)
    assert rows(engine)["k1"] == ("held", "", "gave up after 3 attempts: unreachable")
    run_until(stage(max_attempts=3), 3700, 3710, 2)
    assert len(screen.shown) == 1
    assert screen.payloads[0]["kind"] == "digest"
    assert rows(engine)["k1"][0::2] == ("posted", "in a digest")


def test_what_is_over_the_cap_waits_for_one_digest_but_contradictions_do_not(
    engine: Engine, stage, screen: Screen
) -> None:
    for number in range(6):
        add(engine, f"k{number}", at=later(number - 10))
    run_until(stage(per_hour=3), 0, 10, 2)
    assert [key for _, key in screen.shown] == ["k0", "k1", "k2"]
    assert [rows(engine)[f"k{n}"] for n in (3, 4, 5)] == [("held", "", dispatch.OVER_CAP)] * 3
    add(engine, "turned", at=later(11), relation=Relation.CONTRADICTION)
    run_until(stage(per_hour=3), 12, 13)
    assert screen.shown[-1] == ("C1", "turned")
    run_until(stage(per_hour=3), 3590, 3620, 3)
    assert len(screen.shown) == 5
    assert [card["key"] for card in screen.payloads[-1]["cards"]] == ["k3", "k4", "k5"]
    digest = screen.shown[-1][1]
    assert [rows(engine)[f"k{n}"] for n in (3, 4, 5)] == [("posted", f"C1:{digest}", "in a digest")] * 3
    assert tally(engine)["held", dispatch.OVER_CAP] == 3


def test_a_digest_too_large_for_one_message_goes_out_in_several(engine: Engine, stage, screen: Screen) -> None:
    for number in range(30):
        add(engine, f"k{number}", at=later(number - 100))
    run_until(stage(per_hour=1), 0, 10, 2)
    run_until(stage(per_hour=1), 3602, 3640, 4)
    digests = [payload["cards"] for payload in screen.payloads if payload["kind"] == "digest"]
    assert [len(cards) for cards in digests] == [12, 12, 5]
    assert {state for state, _, _ in rows(engine).values()} == {"posted"}


def test_quiet_hours_let_alerts_wait_and_contradictions_through(engine: Engine, stage, screen: Screen) -> None:
    quiet = QuietHours(start=time(11), end=time(13))
    add(engine, "waits")
    add(engine, "turned", relation=Relation.CONTRADICTION)
    report = stage(quiet=quiet).run_once(NOW)
    assert screen.shown == [("C1", "turned")]
    assert (report.outcomes["postponed"], report.next_at) == (1, later(3600))
    run_until(stage(quiet=quiet), 10, 3590, 400)
    assert len(screen.shown) == 1
    stage(quiet=quiet).run_once(later(3600))
    assert screen.shown[-1] == ("C1", "waits")


def test_a_stage_that_is_stopped_finishes_what_it_has_claimed_and_claims_no_more(
    engine: Engine, screen: Screen
) -> None:
    for channel in ("C1", "C2", "C3"):
        add(engine, f"k-{channel}", channel)
    stage = Deliver(engine, screen, DispatchPolicy(), threads=1)
    shown = screen.post

    def post_and_stop(delivery: Delivery) -> PostOutcome:
        stage.stop()
        return shown(delivery)

    screen.post = post_and_stop
    assert stage.run_once(NOW).outcomes == {"posted": 1}
    assert stage.run_once(later(5)).outcomes == {}
    assert sorted(state for state, _, _ in rows(engine).values()) == ["pending", "pending", "posted"]


def test_a_reply_waits_for_its_alert_and_goes_to_its_thread(engine: Engine, stage, screen: Screen) -> None:
    record = reply_record(sample_alert(key="k1", accounts=(account(1),)), account(1))
    add(engine, "k1-1", at=later(-10), payload=record, kind=Kind.REPLY, parent_key="k1", priority=20)
    stage().run_once(later(-5))
    assert screen.shown == []
    add(engine, "k1")
    run_until(stage(), 0, 5)
    assert [key for _, key in screen.shown] == ["k1", "k1-1"]
    assert screen.payloads[1]["thread"] == "C1:k1"


def test_what_a_reply_made_of_its_alert_stays_through_later_replies(engine: Engine, stage, screen: Screen) -> None:
    reports = tuple(account(n) for n in range(1, 4))
    add(engine, "k1", payload=alert_record(sample_alert(key="k1"), mention="S0GROUP"))
    for number, says in ((2, "denies it"), (1, ""), (3, "")):
        record = reply_record(sample_alert(key="k1", accounts=reports[:number]), reports[number - 1], says=says)
        place: dict[str, object] = {"kind": Kind.REPLY, "parent_key": "k1", "priority": 20}
        add(engine, f"reply{number}", at=later(10 - number), payload=record, **place)
    run_until(stage(), 0, 20, 2)
    parents = [payload["parent"] for payload in screen.payloads[1:]]
    assert [key for _, key in screen.shown] == ["k1", "reply3", "reply2", "reply1"]
    assert [len(parent["others"]) for parent in parents] == [3, 3, 3]
    assert [parent["disputed"] for parent in parents] == ["", "denies it", "denies it"]
    assert {parent["mention"] for parent in parents} == {"S0GROUP"}


def test_a_reply_to_a_dead_alert_is_dead_too_and_keeps_nobody_waiting(engine: Engine, stage, screen: Screen) -> None:
    record = reply_record(sample_alert(key="k1", accounts=(account(1),)), account(1))
    add(engine, "k1-1", payload=record, kind=Kind.REPLY, parent_key="k1", priority=20)
    assert stage().run_once(NOW).next_at is None
    add(engine, "k1")
    screen.answers["C1"] = [outcome("bug", "msg_too_long")]
    run_until(stage(), 0, 4, 2)
    assert rows(engine)["k1-1"] == ("dead", "", "its alert is dead")


def test_a_held_alert_that_cannot_be_read_spoils_no_digest(engine: Engine, stage, screen: Screen) -> None:
    for number, damage in enumerate(({}, {}, {"since": "never"}, {})):
        add(engine, f"k{number}", at=later(number - 9), payload=alert_record(sample_alert(key=f"k{number}")) | damage)
    run_until(stage(per_hour=1), 0, 2, 2)
    run_until(stage(per_hour=1), 3604, 3606, 2)
    assert [card["key"] for card in screen.payloads[1]["cards"]] == ["k1", "k3"]
    assert rows(engine)["k2"][0::2] == ("dead", "bug: unreadable_record")


def test_the_next_round_is_named_for_what_is_stopped_paced_and_postponed(engine: Engine, stage, screen: Screen) -> None:
    add(engine, "limited", "C1", at=later(-9))
    add(engine, "behind", "C1")
    screen.answers["C1"] = [outcome("retry", "ratelimited", 30.0)]
    assert later(30) <= stage().run_once(NOW).next_at < later(31)
    add(engine, "paced1", "C2")
    add(engine, "paced2", "C2")
    assert later(2) <= stage().run_once(later(1)).next_at < later(3)
    assert stage().run_once(later(4)).next_at > later(29)


def test_a_reply_to_an_alert_in_a_digest_leaves_the_digests_message_as_it_is(
    engine: Engine, stage, screen: Screen
) -> None:
    add(engine, "first", at=later(-5))
    add(engine, "k1")
    run_until(stage(per_hour=1), 0, 4, 2)
    record = reply_record(sample_alert(key="k1", accounts=(account(1),)), account(1))
    add(engine, "k1-1", payload=record, kind=Kind.REPLY, parent_key="k1", priority=20)
    run_until(stage(per_hour=1), 3604, 3612, 2)
    digest = screen.shown[1][1]
    assert [key for _, key in screen.shown] == ["first", digest, "k1-1"]
    assert (screen.payloads[2]["thread"], "parent" in screen.payloads[2]) == (f"C1:{digest}", False)


def claim_all(engine: Engine) -> list[Delivery]:
    """Claim everything, as a process does that then dies."""
    with transaction(engine) as connection:
        waiting = deliveries.due(connection, NOW)
        return [claimed for row in waiting if (claimed := deliveries.claim(connection, row, now=NOW, lease_s=60))]
