"""The conversation, with the real Bolt client on a real socket: every button, window, command and shortcut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from desk_samples import AT, Door, alert_sheet, chosen, home_opened, press, sent, typed
from socket_peer import APP_TOKEN, TOKEN, FakeDesk, Line, Peer, SocketServer

from bot.domain import Relation
from bot.ports import NewLine, WishKind
from bot.slack.actions import GONE, NOT_TRACKED, STALE
from bot.slack.answers import TOO_LATE
from bot.slack.desk import BUSY, SlackDesk
from bot.slack.web import SlackWeb


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Talk:
    """Somebody who talks to a running desk."""

    slack: FakeDesk
    server: SocketServer
    door: Door
    line: Line
    peer: Peer

    def press(self, *arguments: str, **more: str) -> None:
        assert self.server.ask(self.line, "interactive", press(*arguments, **more)) == {}

    def type(self, text: str) -> dict[str, object]:
        url = f"{self.peer.url}response-1"
        before = len(self.slack.replies)
        assert self.server.ask(self.line, "slash_commands", typed(text, url=url)) == {}
        self.slack.wait(lambda: len(self.slack.replies) > before)
        return self.slack.replies[-1]

    def window(self, number: int = 1) -> dict[str, object]:
        self.slack.wait(lambda: len(self.slack.views) >= number)
        return list(self.slack.views.values())[number - 1]

    def send(self, view: dict[str, object], by: str = "ada", **values: str) -> dict[str, object]:
        return self.server.ask(self.line, "interactive", sent(view, values, by=by))

    def whisper(self, number: int = 1) -> dict[str, object]:
        self.slack.wait(lambda: len(self.slack.whispers) >= number)
        return self.slack.whispers[number - 1]


@pytest.fixture
def talk() -> Iterator[Talk]:
    yield from listening()


def listening(most_waiting: int = 200, **options: float) -> Iterator[Talk]:
    """A desk that listens, until the test is over; nothing that it sent may break a rule of Block Kit."""
    door, stop = Door(), threading.Event()
    with SocketServer() as server:
        slack = FakeDesk("C0DESK1", socket_url=server.url)
        with Peer(slack.respond) as peer:
            slack.base = peer.url
            web = SlackWeb(TOKEN, api_url=peer.url)
            desk = SlackDesk(web, APP_TOKEN, door, clock=lambda: AT, most_waiting=most_waiting, **options)
            thread = threading.Thread(
                target=desk.serve, args=(stop, lambda: datetime.now(UTC)), kwargs={"every_s": 0.05}
            )
            thread.start()
            try:
                yield Talk(slack, server, door, server.wait_line(), peer)
            finally:
                stop.set()
                thread.join(20)
            assert slack.refused == []


def test_a_shift_is_confirmed_in_words_that_somebody_edited(talk: Talk) -> None:
    talk.press("wb.confirm", "k1")
    view = talk.window()
    assert view["blocks"][2]["element"]["initial_value"].startswith("Russia could live with")
    assert talk.send(view, wording="Russia accepts it after twenty years.") == {}
    assert talk.whisper()["text"] == "@ada did confirm."
    (wish,) = talk.door.wishes
    assert (wish.kind, wish.by, wish.subject, wish.wording) == (
        WishKind.CONFIRM, "@ada", "k1", "Russia accepts it after twenty years.",
    )  # fmt: skip
    assert (talk.whisper()["channel"], talk.whisper()["user"]) == ("C0DESK1", "U0ADA")


def test_a_window_that_is_not_filled_in_is_not_sent(talk: Talk) -> None:
    talk.press("wb.confirm", "k1")
    answer = talk.send(talk.window(), wording="  \u200b ")
    assert answer == {"response_action": "errors", "errors": {"wording": "Please write one sentence."}}
    assert talk.door.wishes == []


@pytest.mark.parametrize("reason", ["consistent", "other_speaker", "old_news", "misread"])
def test_an_alert_is_rejected_with_a_reason(talk: Talk, reason: str) -> None:
    talk.press("wb.reject", "k1")
    view = talk.window()
    assert reason in [option["value"] for option in view["blocks"][1]["element"]["options"]]
    assert talk.send(view, reason=reason) == {}
    talk.whisper()
    assert [(wish.kind, wish.subject, wish.reason) for wish in talk.door.wishes] == [(WishKind.REJECT, "k1", reason)]


def test_a_shift_is_called_the_same_as_another(talk: Talk) -> None:
    talk.press("wb.same", "k1")
    assert talk.send(talk.window(), into="k0") == {}
    talk.whisper()
    assert [(wish.kind, wish.subject, wish.into) for wish in talk.door.wishes] == [(WishKind.MERGE, "k1", "k0")]


def test_where_there_is_no_other_shift_the_window_says_so(talk: Talk) -> None:
    talk.door.sheet = alert_sheet(same_as=())
    talk.press("wb.same", "k1")
    assert "No other shift" in str(talk.window()["blocks"])


@pytest.mark.parametrize(
    ("action", "value", "kind"),
    [
        ("wb.mute", "ru-nato", WishKind.MUTE),
        ("wb.unmute", "ru-nato", WishKind.UNMUTE),
        ("wb.undo.0", "verdict-7", WishKind.UNDO),
    ],
)
def test_one_press_is_enough_to_mute_and_to_take_back(talk: Talk, action: str, value: str, kind: WishKind) -> None:
    talk.press(action, value)
    talk.whisper()
    (wish,) = talk.door.wishes
    assert (wish.kind, wish.subject, wish.by, wish.hours) == (kind, value, "@ada", 24.0)


def test_a_timeline_opens_in_a_window(talk: Talk) -> None:
    talk.press("wb.timeline", "ru-nato")
    view = talk.window()
    assert "It could live with a pause." in str(view["blocks"])
    assert "submit" not in view
    talk.press("wb.timeline", "gone")
    assert NOT_TRACKED in str(talk.window(2)["blocks"])


def test_two_people_who_press_at_once_get_one_outcome_and_are_both_told(talk: Talk) -> None:
    for name in ("ada", "bob"):
        talk.press("wb.confirm", "k1", by=name)
    views = [talk.window(1), talk.window(2)]
    answers = [
        talk.send(view, by=name, wording="Russia accepts it.") for view, name in zip(views, ("ada", "bob"), strict=True)
    ]
    assert answers == [{}, {}]
    talk.whisper(2)
    told = {whisper["user"]: whisper["text"] for whisper in talk.slack.whispers}
    assert set(told) == {"U0ADA", "U0BOB"}
    assert len([words for words in told.values() if "did confirm" in words]) == 1
    assert len([words for words in told.values() if "confirmed this shift on" in words]) == 1


def test_whoever_comes_later_is_told_who_decided(talk: Talk) -> None:
    talk.door.sheet = alert_sheet(standing="@bob judged this no shift (old news) on 14 Jan 2026, 10:20 UTC.")
    talk.press("wb.confirm", "k1")
    assert talk.whisper()["text"].startswith("@bob judged this no shift")
    assert talk.slack.views == {}


def test_an_alert_that_is_gone_and_a_button_that_is_too_old_have_an_answer(talk: Talk) -> None:
    talk.door.sheet = None
    talk.press("wb.reject", "k1")
    assert talk.whisper()["text"] == GONE
    talk.press("wb.dance", "k1")
    assert talk.whisper(2)["text"] == STALE
    talk.press("link-of-somebody", "k1")


def test_a_window_that_slack_opens_no_more_is_told(talk: Talk) -> None:
    talk.slack.triggers_expire = True
    talk.press("wb.confirm", "k1")
    assert talk.whisper()["text"] == TOO_LATE


def test_a_position_is_tracked_by_command_and_window(talk: Talk) -> None:
    assert talk.server.ask(talk.line, "slash_commands", typed("track Norland")) == {}
    view = talk.window()
    assert view["blocks"][0]["element"]["initial_value"] == "Norland"
    values = {
        "holder": "Norland", "topic": "tanks", "baseline": "Norland will send no tanks.", "source": "",
        "topics": "armour\n\nheavy weapons",
    }  # fmt: skip
    wrong = talk.send(view, since="2027-01-01", **values)
    assert wrong["errors"] == {"since": "This day is yet to come."}
    assert talk.send(view, since="2026-01-02", **values) == {}
    talk.whisper()
    assert talk.door.wishes[0].line == NewLine(
        holder="Norland", topic="tanks", baseline="Norland will send no tanks.", since=AT.date().replace(day=2),
        topics=("armour", "heavy weapons"),
    )  # fmt: skip


def test_commands_are_answered_where_they_were_typed(talk: Talk) -> None:
    assert "112 articles today" in str(talk.type("status")["blocks"])
    assert "Down Daily" in str(talk.type("status")["blocks"])
    assert len(talk.type("positions")["blocks"]) == 2
    assert len(talk.type("positions germany")["blocks"]) == 1
    assert "fits these words" in str(talk.type("positions nobody")["blocks"])
    assert "Nothing is muted" in str(talk.type("mute")["blocks"])
    assert "Moscow open to a pause" in str(talk.type("why <https://wire.example.com/a?b=1&amp;c=2|the wire>")["blocks"])
    assert "link" in str(talk.type("why")["blocks"])
    assert "name a position" in str(talk.type("unmute")["blocks"])
    assert "/walkback status" in str(talk.type("dance")["blocks"])
    assert "/walkback status" in str(talk.type("")["blocks"])
    assert {reply["response_type"] for reply in talk.slack.replies} == {"ephemeral"}
    assert talk.door.wishes == []


def test_commands_act(talk: Talk) -> None:
    talk.type("mute ru-nato 2 days")
    talk.type("unmute ru-nato")
    talk.type("test")
    wishes = [(wish.kind, wish.subject, wish.hours) for wish in talk.door.wishes]
    assert wishes == [(WishKind.MUTE, "ru-nato", 48), (WishKind.UNMUTE, "ru-nato", 24), (WishKind.TEST, "", 24)]


def test_the_shortcut_reads_a_messages_text_and_shows_what_it_does(talk: Talk) -> None:
    assert talk.server.ask(talk.line, "interactive", chosen("Moscow could live with a pause.")) == {}
    talk.slack.wait(lambda: any(view.get("changed") for view in talk.slack.views.values()))
    assert "alert, 90% a shift" in str(talk.window()["blocks"])
    assert talk.door.checked == ["Moscow could live with a pause."]


def test_a_message_without_text_is_not_read(talk: Talk) -> None:
    talk.server.ask(talk.line, "interactive", chosen("  "))
    assert "no text" in str(talk.window()["blocks"])
    assert talk.door.checked == []


def test_the_home_tab_shows_lines_alerts_what_to_judge_and_feeds(talk: Talk) -> None:
    assert talk.server.ask(talk.line, "events_api", home_opened()) == {}
    talk.slack.wait(lambda: talk.slack.homes)
    shown = str(talk.slack.homes["U0ADA"])
    for words in ("Russia rejects any membership", "Open alerts", "To review", "1 of 2 well", "🟦"):
        assert words in shown
    talk.press("wb.refresh", "home", channel="")
    talk.press("wb.track", "home", channel="")
    assert talk.window()["callback_id"] == "wb.track"


def test_what_is_to_be_judged_is_judged_on_the_home_tab_and_can_be_taken_back(talk: Talk) -> None:
    talk.server.ask(talk.line, "events_api", home_opened())
    talk.slack.wait(lambda: talk.slack.homes)
    (menu,) = [
        block["accessory"]
        for block in talk.slack.homes["U0ADA"]["blocks"]
        if block.get("accessory", {}).get("type") == "static_select"
    ]
    offered = {option["text"]["text"]: option["value"] for option in menu["options"]}
    assert [value.partition("=")[2] for value in offered.values()] == list(Relation)
    talk.press(menu["action_id"], channel="", chosen=offered["New offer"])
    whisper = talk.whisper()
    (wish,) = talk.door.wishes
    assert (wish.kind, wish.subject, wish.relation, wish.by) == (WishKind.LABEL, "a1", Relation.NEW_OFFER, "@ada")
    assert (whisper["text"], whisper["user"]) == ("@ada did label.", "U0ADA")
    (undo,) = whisper["blocks"][1]["elements"]
    talk.press(undo["action_id"], undo["value"])
    talk.whisper(2)
    assert (talk.door.wishes[-1].kind, talk.door.wishes[-1].subject) == (WishKind.UNDO, "v-a1")


@pytest.mark.parametrize("value", ["a1=boring", "=softening", "a1"])
def test_a_menu_that_says_no_relation_files_nothing(talk: Talk, value: str) -> None:
    talk.press("wb.label", chosen=value)
    assert talk.whisper()["text"] == STALE
    assert talk.door.wishes == []


def test_who_judges_second_is_told_and_has_nothing_to_take_back(talk: Talk) -> None:
    talk.press("wb.label", chosen="a1=softening")
    talk.whisper()
    talk.press("wb.label", chosen="a1=hardening", by="bob")
    second = talk.whisper(2)
    assert second["text"].startswith("@ada confirmed")
    assert [block["type"] for block in second["blocks"]] == ["section"]


def test_an_envelope_that_comes_twice_is_acknowledged_twice_and_worked_on_once(talk: Talk) -> None:
    body = press("wb.mute", "ru-nato", trigger="the-same")
    first = talk.server.envelope("interactive", body)
    again = talk.server.envelope("interactive", body) | {"retry_attempt": 1, "retry_reason": "timeout"}
    for envelope in (first, again, first):
        talk.server.send(talk.line, envelope)
        talk.server.wait_ack(envelope["envelope_id"])
    talk.press("wb.unmute", "ru-nato")
    talk.whisper(2)
    assert [wish.kind for wish in talk.door.wishes] == [WishKind.MUTE, WishKind.UNMUTE]


def test_every_envelope_is_acknowledged_although_all_work_stands_still_and_what_is_too_much_is_told() -> None:
    running = listening(most_waiting=5)
    talk = next(running)
    talk.door.gate = threading.Event()
    for number in range(30):
        talk.press("wb.mute", f"p{number}")
    talk.slack.wait(lambda: any(whisper["text"] == BUSY for whisper in talk.slack.whispers))
    assert talk.door.wishes == []
    talk.door.gate.set()
    talk.slack.wait(lambda: len(talk.slack.whispers) == 30)
    refused = sum(whisper["text"] == BUSY for whisper in talk.slack.whispers)
    assert len(talk.door.wishes) == 30 - refused
    assert refused >= 20
    assert next(running, None) is None


def test_a_line_that_slack_asks_to_renew_is_renewed_and_nothing_is_lost(talk: Talk) -> None:
    talk.server.send(talk.line, {"type": "disconnect", "reason": "refresh_requested"})
    talk.line = talk.server.wait_line()
    talk.press("wb.mute", "ru-nato")
    assert talk.whisper()["text"] == "@ada did mute."


def test_a_line_that_breaks_is_opened_again() -> None:
    running = listening(ping_s=0.2)
    talk = next(running)
    talk.line.drop()
    talk.line = talk.server.wait_line()
    talk.press("wb.mute", "ru-nato")
    talk.whisper()
    assert next(running, None) is None


@pytest.mark.parametrize("kind", ["answers no ping", "never greets"])
def test_a_line_that_is_deaf_is_opened_anew_by_the_watchdog(kind: str) -> None:
    running = listening(ping_s=60.0, deaf_after_s=0.5)
    talk = next(running)
    talk.server.deaf = kind == "answers no ping"
    talk.server.greets = kind != "never greets"
    talk.line.deaf = True
    talk.server.wait_line()
    talk.server.deaf, talk.server.greets = False, True
    assert talk.server.connections >= 2
    assert next(running, None) is None


def test_a_line_that_answers_is_left_alone() -> None:
    """Longer than the watchdog waits; slack-sdk itself gives a line up that has not answered for four pings."""
    running = listening(ping_s=0.4, deaf_after_s=2.0)
    talk = next(running)
    talk.slack.wait(lambda: talk.server.pings > 6)
    assert talk.server.connections == 1
    assert next(running, None) is None


def test_a_refused_app_token_is_told_and_tried_again() -> None:
    door, stop, beats = Door(), threading.Event(), []
    with SocketServer() as server:
        slack = FakeDesk("C0DESK1", socket_url=server.url)
        with Peer(slack.respond) as peer:
            desk = SlackDesk(SlackWeb(TOKEN, api_url=peer.url), "xapp-wrong", door)

            def beat() -> datetime:
                beats.append(1)
                if peer.calls.count("apps.connections.open") >= 2:
                    stop.set()
                return datetime.now(UTC)

            desk.serve(stop, beat, every_s=0.01)
    assert peer.calls.count("apps.connections.open") == 2
    assert server.connections == 0
