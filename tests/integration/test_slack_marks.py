"""What people decide shows on the alert's message, once and for good; pictures and mutes, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from shift_samples import NOW, TANKS, WORDS, alerted, said, seed
from slack_peer import Fault, rate_limit, refusal
from socket_peer import TOKEN, FakeDesk, Peer
from sqlalchemy import Engine, select

from bot.core.policies import DispatchPolicy, QuietHours
from bot.domain import Relation
from bot.slack.post import SlackNotifier
from bot.stages.deliver import Deliver
from bot.stages.desk import DeskActions
from bot.stages.pictures import HistoryPictures
from bot.store import schema
from bot.store.engine import transaction

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Site:
    """A store with a position, a Slack, and the stage that delivers between them."""

    def __init__(self, engine: Engine, slack: FakeDesk, peer: Peer) -> None:
        self.engine, self.slack, self.peer = engine, slack, peer
        slack.base = peer.url
        self.actions = DeskActions(engine)
        self.now = NOW
        self.policy = DispatchPolicy(gap_s=0.0, first_retry_s=1.0)

    def stage(self, **changes: object) -> Deliver:
        notifier = SlackNotifier(TOKEN, self.peer.url, timeout_s=2, buttons=True, draw=HistoryPictures(self.engine))
        options = {"draws": True, "renews": True, "lease_s": 30.0} | changes
        return Deliver(self.engine, notifier, self.policy, **options)

    def turn(self, rounds: int = 4, *, seconds: float = 10.0, **changes: object) -> None:
        stage = self.stage(**changes)
        for _ in range(rounds):
            self.now += timedelta(seconds=seconds)
            stage.run_once(self.now)

    def alerts(self, channel: str = "C0DESK1") -> list[dict[str, object]]:
        return [message for message in self.slack.shown(channel) if not message.get("thread_ts")]

    def pictures(self) -> list[dict[str, object]]:
        return [message for message in self.slack.shown("C0DESK1") if message.get("files")]

    def rows(self, kind: str) -> list[tuple[str, str]]:
        c = schema.deliveries.c
        with self.engine.connect() as connection:
            return [
                (row.state, row.reason) for row in connection.execute(select(c.state, c.reason).where(c.kind == kind))
            ]


@pytest.fixture
def site(store: Engine) -> Iterator[Site]:
    with transaction(store) as connection:
        seed(connection)
        said(
            connection,
            "old",
            "Norland sends no tanks, Berg said.",
            at=NOW - timedelta(days=9),
            relation=Relation.CONSISTENT,
        )
        alerted(connection, "k1")
    slack = FakeDesk("C0DESK1", "C0DESK2")
    with Peer(slack.respond) as peer:
        yield Site(store, slack, peer)
    assert slack.refused == []


def labels(message: dict[str, object]) -> list[str]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


ALL = ["Confirm shift", "Not a shift", "Same as…", "Mute 24 h", "Open timeline"]


def test_an_alert_has_its_buttons_and_a_picture_of_the_history_in_its_thread(site: Site) -> None:
    site.turn()
    (message,) = site.alerts()
    assert labels(message) == ALL
    (picture,) = site.pictures()
    assert picture["thread_ts"] == message["ts"]
    (file,) = site.slack.files.values()
    assert file["bytes"].startswith(b"\x89PNG")
    assert file["alt"].startswith("Norland on tanks: 2 statements since 20 Feb 2026, of which 1 as on record, 1 contra")
    site.turn()
    assert len(site.pictures()) == 1


def test_where_there_is_nothing_to_compare_no_picture_is_drawn(store: Engine, site: Site) -> None:
    with transaction(store) as connection:
        connection.execute(schema.assessments.delete().where(schema.assessments.c.relation == "consistent"))
    site.turn()
    assert site.pictures() == []
    assert site.rows("picture") == [("posted", "")]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "lost_after"])
@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"], ids=["place", "bytes", "share"]
)
def test_a_picture_is_shown_once_whatever_goes_wrong_on_its_way(site: Site, method: str, kind: str) -> None:
    name = "upload-F1" if method == "upload" else method
    site.peer.faults.queue(name, Fault(kind=kind, status=502))
    site.turn(12)
    assert len(site.pictures()) == 1
    assert {state for state, _ in site.rows("picture")} == {"posted"}


def test_a_picture_that_was_shown_when_the_bot_died_is_found_again(site: Site) -> None:
    site.turn()
    with transaction(site.engine) as connection:
        c = schema.deliveries.c
        lost = {"state": "posting", "ref": "", "claimed_until": site.now}
        connection.execute(schema.deliveries.update().where(c.kind == "picture").values(**lost))
    site.turn()
    assert len(site.pictures()) == 1
    assert site.rows("picture") == [("posted", "")]


def test_who_confirmed_and_what_is_on_record_now_stays_visible_and_can_be_taken_back(site: Site) -> None:
    site.turn()
    outcome = site.actions.confirm("k1", by="@ada", now=site.now, baseline="Norland sends twelve tanks.")
    site.turn()
    (message,) = site.alerts()
    shown = str(message["blocks"])
    assert "@ada confirmed this shift on 1 Mar 2026" in shown
    assert "The line on record is now “Norland sends twelve tanks.”" in shown
    assert labels(message) == ["Mute 24 h", "Open timeline", "Undo confirmation"]
    assert site.actions.undo(outcome.verdict_id, by="@bob", now=site.now).done
    site.turn()
    (message,) = site.alerts()
    assert "Taken back by @bob." in str(message["blocks"])
    assert labels(message) == ALL


def test_a_second_thought_shows_beside_the_first(site: Site) -> None:
    site.turn()
    first = site.actions.reject("k1", by="@ada", now=site.now, reason="old_news")
    site.actions.undo(first.verdict_id, by="@ada", now=site.now + HOUR)
    site.actions.reject("k1", by="@bob", now=site.now + 2 * HOUR, reason="misread")
    site.now += 2 * HOUR
    site.turn()
    told = [block["elements"][0]["text"] for block in site.alerts()[0]["blocks"] if block["type"] == "context"]
    assert [line[:2] for line in told[-2:]] == ["🚫 ", "🚫 "]
    assert "~@ada judged this no shift (old news)" in told[-2]
    assert "@bob judged this no shift (misread)" in told[-1]


@pytest.mark.parametrize(
    "fault",
    [
        rate_limit("1"),
        Fault(kind="reset_before"),
        Fault(kind="reset_after"),
        Fault(kind="status", status=500, body=b"oops"),
    ],
    ids=["429", "before", "after", "500"],
)
def test_a_message_is_renewed_although_slack_fails_first(site: Site, fault: Fault) -> None:
    site.turn()
    site.peer.faults.queue("chat.update", fault)
    site.actions.reject("k1", by="@ada", now=site.now, reason="misread")
    site.turn(8)
    assert "misread" in str(site.alerts()[0]["blocks"])
    assert {state for state, _ in site.rows("renewal")} == {"posted"}


def test_a_verdict_that_was_filed_when_the_bot_died_shows_when_it_is_back(site: Site) -> None:
    site.turn()
    site.actions.reject("k1", by="@ada", now=site.now, reason="misread")
    with transaction(site.engine) as connection:
        assert (
            connection.execute(select(schema.deliveries.c.id).where(schema.deliveries.c.kind == "renewal")).all() == []
        )
    site.turn()
    assert "misread" in str(site.alerts()[0]["blocks"])
    site.turn()
    assert site.peer.calls.count("chat.update") == 1


def test_a_message_that_somebody_deleted_is_left_at_that(site: Site) -> None:
    site.turn()
    site.peer.faults.queue("chat.update", refusal("message_not_found"))
    site.actions.reject("k1", by="@ada", now=site.now, reason="misread")
    site.turn()
    assert site.rows("renewal") == [("posted", "")]


def test_whoever_presses_in_quiet_hours_sees_it_at_once(site: Site) -> None:
    site.turn()
    site.policy = DispatchPolicy(gap_s=0.0, quiet=QuietHours(start=NOW.time(), end=(NOW - HOUR).time()))
    site.actions.reject("k1", by="@ada", now=site.now, reason="misread")
    site.turn()
    assert "misread" in str(site.alerts()[0]["blocks"])


def test_a_mute_shows_on_the_message_and_holds_what_comes(site: Site) -> None:
    site.turn()
    until = site.now + timedelta(hours=24)
    muted = site.actions.mute(TANKS.id, by="@ada", now=site.now, until=until)
    with transaction(site.engine) as connection:
        alerted(connection, "k2", at=site.now, words="Tanks will roll from Norland within weeks.")
    site.turn()
    (message,) = site.alerts()
    assert "@ada muted this position until" in str(message["blocks"])
    assert labels(message) == ["Confirm shift", "Not a shift", "Same as…", "Open timeline", "Undo mute"]
    assert ("held", "the position is muted") in site.rows("alert")
    site.actions.undo(muted.verdict_id, by="@bob", now=site.now)
    site.turn(6)
    assert len(site.alerts()) == 2
    assert "Taken back by @bob" in str(site.alerts()[0]["blocks"])


def test_what_a_mute_held_follows_in_one_message_when_it_is_over(site: Site) -> None:
    site.turn()
    site.actions.mute(TANKS.id, by="@ada", now=site.now, until=site.now + HOUR)
    with transaction(site.engine) as connection:
        alerted(connection, "k2", at=site.now, words="Tanks will roll from Norland within weeks.")
    site.turn()
    assert len(site.alerts()) == 1
    site.now += 2 * HOUR + timedelta(minutes=5)
    site.turn(4)
    assert len(site.alerts()) == 2
    assert "1 alert that was held back" in str(site.alerts()[1]["blocks"])
    assert WORDS not in str(site.alerts()[1]["blocks"])


def test_without_a_listener_nothing_is_drawn_or_renewed_unasked(site: Site) -> None:
    site.turn(draws=False, renews=False)
    site.actions.reject("k1", by="@ada", now=site.now, reason="misread")
    site.turn(draws=False, renews=False)
    assert site.rows("picture") == []
    assert site.rows("renewal") == []
