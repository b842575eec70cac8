"""Posting over real HTTP: each way in which Slack can fail has one meaning."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from alert_samples import account, sample_alert
from slack_peer import TOKEN, FakeSlack, Fault, Peer, rate_limit, refusal
from structlog.testing import capture_logs

from bot.core.card import alert_record, reply_record
from bot.domain import Delivery, DeliveryState
from bot.errors import DeliveryFault
from bot.ports import PostOutcome, PostOutcomeKind
from bot.slack.post import SlackNotifier
from bot.slack.web import retry_after_s

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack("C0DESK1", "C0DESK2")


@pytest.fixture
def peer(slack: FakeSlack) -> Iterator[Peer]:
    with Peer(slack.respond) as peer:
        yield peer


@pytest.fixture
def notifier(peer: Peer) -> SlackNotifier:
    return SlackNotifier(TOKEN, peer.url, timeout_s=1)


def delivery(key: str = "k1", channel: str = "C0DESK1", **payload: object) -> Delivery:
    now = datetime.now(UTC)
    return Delivery(
        id=f"d-{key}", alert_key=key, channel=channel, payload=payload or alert_record(sample_alert(key=key)),
        state=DeliveryState.PENDING, attempts=1, not_before=now, created_at=now,
    )  # fmt: skip


def test_an_alert_is_shown_with_its_key_and_found_by_it(notifier: SlackNotifier, slack: FakeSlack) -> None:
    outcome = notifier.post(delivery())
    shown = slack.shown("C0DESK1")
    assert outcome == PostOutcome(kind=PostOutcomeKind.POSTED, ref=f"C0DESK1:{shown[0]['ts']}")
    assert shown[0]["text"].startswith("Russia softens on")
    assert notifier.find(delivery()) == outcome.ref
    assert notifier.find(delivery("other")) is None
    assert notifier.find(delivery(channel="C0DESK2")) is None


def test_a_key_is_found_pages_back(notifier: SlackNotifier) -> None:
    refs = [notifier.post(delivery(f"k{n}")).ref for n in range(120)]
    assert notifier.find(delivery("k0")) == refs[0]


def test_a_channel_may_be_named(notifier: SlackNotifier, slack: FakeSlack, peer: Peer) -> None:
    assert notifier.post(delivery("k1", "#c0desk2")).kind is PostOutcomeKind.POSTED
    assert notifier.post(delivery("k2", "#c0desk2")).kind is PostOutcomeKind.POSTED
    assert len(slack.shown("C0DESK2")) == 2
    assert peer.calls.count("conversations.list") == 1
    assert notifier.post(delivery("k3", "#nowhere")) == PostOutcome(
        kind=PostOutcomeKind.MEND, reason="channel_not_found"
    )


def test_a_public_channel_is_found_by_name_without_the_scope_for_private_ones(
    notifier: SlackNotifier, slack: FakeSlack, peer: Peer
) -> None:
    slack.scopes = "chat:write,channels:read"
    assert notifier.post(delivery("k1", "#c0desk2")).kind is PostOutcomeKind.POSTED
    assert len(slack.shown("C0DESK2")) == 1
    assert peer.calls.count("conversations.list") == 2
    unseen = notifier.post(delivery("k2", "#nowhere"))
    assert (unseen.kind, unseen.reason) == (PostOutcomeKind.MEND, "channel_not_found")
    assert unseen.detail == (
        "no public channel has that name; for private ones Slack asks for groups:read; "
        "the token has chat:write, channels:read"
    )


def test_a_refusal_names_the_scope_that_slack_asks_for_and_those_of_the_token(
    notifier: SlackNotifier, slack: FakeSlack
) -> None:
    slack.scopes = "chat:write"
    outcome = notifier.post(delivery("k1", "#c0desk2"))
    assert (outcome.kind, outcome.reason) == (PostOutcomeKind.MEND, "missing_scope")
    assert outcome.told == "missing_scope (Slack asks for channels:read; the token has chat:write)"
    faults = " / ".join(map(str, notifier.check(["#c0desk2"])))
    assert f"the channel #c0desk2 cannot be used: {outcome.told}. Add the scope under OAuth" in faults


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({"needed": "chat:write", "provided": ""}, "Slack asks for chat:write; the token has no scopes"),
        ({"needed": "a:b,c:d", "provided": "a:b"}, "Slack asks for c:d; the token has a:b"),
        ({"needed": "a:b", "provided": "a:b"}, "Slack asks for a:b; the token has a:b"),
        ({"needed": "<!channel>, a b", "provided": "x"}, ""),
        ({"needed": 7, "provided": ["x"]}, ""),
        ({}, ""),
    ],
)
def test_only_what_can_be_a_scope_is_repeated_from_an_answer(
    notifier: SlackNotifier, peer: Peer, answer: dict[str, object], detail: str
) -> None:
    body = json.dumps({"ok": False, "error": "missing_scope", **answer}).encode()
    peer.faults.queue("chat.postMessage", Fault(kind="body", body=body))
    assert notifier.post(delivery()).detail == detail


@pytest.mark.parametrize(
    ("fault", "kind", "reason", "retry_after"),
    [
        (rate_limit("7"), PostOutcomeKind.RETRY, "ratelimited", 7.0),
        (rate_limit("soon"), PostOutcomeKind.RETRY, "ratelimited", None),
        (Fault(kind="status", status=429), PostOutcomeKind.RETRY, "ratelimited", None),
        (refusal("ratelimited"), PostOutcomeKind.RETRY, "ratelimited", None),
        (refusal("internal_error"), PostOutcomeKind.DOUBTFUL, "internal_error", None),
        (refusal("fatal_error"), PostOutcomeKind.DOUBTFUL, "fatal_error", None),
        (refusal("service_unavailable"), PostOutcomeKind.DOUBTFUL, "service_unavailable", None),
        (refusal("not_in_channel"), PostOutcomeKind.MEND, "not_in_channel", None),
        (refusal("channel_not_found"), PostOutcomeKind.MEND, "channel_not_found", None),
        (refusal("is_archived"), PostOutcomeKind.MEND, "is_archived", None),
        (refusal("invalid_auth"), PostOutcomeKind.MEND, "invalid_auth", None),
        (refusal("token_revoked"), PostOutcomeKind.MEND, "token_revoked", None),
        (refusal("missing_scope"), PostOutcomeKind.MEND, "missing_scope", None),
        (refusal("a_code_of_next_year"), PostOutcomeKind.MEND, "a_code_of_next_year", None),
        (refusal("msg_too_long"), PostOutcomeKind.BUG, "msg_too_long", None),
        (refusal("invalid_arguments"), PostOutcomeKind.BUG, "invalid_arguments", None),
        (Fault(kind="status", status=500, body=b"oops"), PostOutcomeKind.DOUBTFUL, "http_500", None),
        (Fault(kind="status", status=502), PostOutcomeKind.DOUBTFUL, "http_502", None),
        (Fault(kind="status", status=503, headers={"Retry-After": "30"}), PostOutcomeKind.DOUBTFUL, "http_503", 30.0),
        (Fault(kind="status", status=504, body=b"\xff\xfe"), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="status", status=404, body=b"<html>"), PostOutcomeKind.MEND, "no_response_from_slack", None),
        (Fault(kind="status", status=407), PostOutcomeKind.MEND, "no_response_from_slack", None),
        (Fault(kind="body", body=b"<html>log in to the hotel</html>"), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="body", body=b"[1]"), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="body", body=b"[" * 200_000), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="body", body=b'"ok"'), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="body", body=b""), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (Fault(kind="body", body=b'{"ok":true}'), PostOutcomeKind.DOUBTFUL, "unreadable_answer", None),
        (
            Fault(kind="body", body=b"{}", headers={"Content-Type": "text/plain; charset=klingon"}),
            PostOutcomeKind.DOUBTFUL, "unreadable_answer", None,
        ),
        (Fault(kind="reset_before"), PostOutcomeKind.DOUBTFUL, "dropped", None),
        (Fault(kind="reset_after"), PostOutcomeKind.DOUBTFUL, "dropped", None),
        (Fault(kind="slow_after", seconds=1.3), PostOutcomeKind.DOUBTFUL, "timed_out", None),
    ],
)  # fmt: skip
def test_each_failure_has_one_meaning(
    notifier: SlackNotifier, peer: Peer, fault: Fault, kind: PostOutcomeKind, reason: str, retry_after: float | None
) -> None:
    peer.faults.queue("chat.postMessage", fault)
    assert notifier.post(delivery()) == PostOutcome(kind=kind, reason=reason, retry_after_s=retry_after)
    assert peer.calls == ["chat.postMessage"]


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
def test_a_refused_layout_goes_out_as_plain_text_and_is_told(
    notifier: SlackNotifier, peer: Peer, slack: FakeSlack, code: str
) -> None:
    peer.faults.queue("chat.postMessage", refusal(code))
    with capture_logs() as logs:
        assert notifier.post(delivery()).kind is PostOutcomeKind.POSTED
    assert slack.shown("C0DESK1")[0]["blocks"] is None
    assert logs[0]["event"] == "blocks_refused"


def test_nobody_listening_is_known_to_have_taken_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        notifier = SlackNotifier(TOKEN, f"http://127.0.0.1:{unused.getsockname()[1]}/api/", timeout_s=1)
        assert notifier.post(delivery()) == PostOutcome(kind=PostOutcomeKind.RETRY, reason="unreachable")


def test_a_lookup_that_fails_is_told_apart_from_one_that_finds_nothing(notifier: SlackNotifier, peer: Peer) -> None:
    peer.faults.queue("conversations.history", rate_limit("9"))
    with pytest.raises(DeliveryFault, match="ratelimited") as failed:
        notifier.find(delivery())
    assert failed.value.retry_after_s == 9.0
    peer.faults.queue("conversations.history", Fault(kind="reset_before"))
    with pytest.raises(DeliveryFault, match="dropped"):
        notifier.find(delivery())


def test_a_reply_renews_its_parent_and_goes_to_its_thread(notifier: SlackNotifier, slack: FakeSlack) -> None:
    parent = notifier.post(delivery("k1"))
    report = account(1)
    record = reply_record(sample_alert(key="k1", accounts=(report,)), report, says="denies it")
    answer = notifier.post(delivery("k1-1", **record, thread=parent.ref))
    first, second = slack.shown("C0DESK1")
    assert first["blocks"][0]["text"]["text"].startswith("Disputed: Russia softens")
    assert first["metadata"]["event_payload"]["alert_key"] == "k1"
    assert (second["thread_ts"], answer.kind) == (first["ts"], PostOutcomeKind.POSTED)
    assert notifier.find(delivery("k1-1", **record, thread=parent.ref)) == answer.ref


def test_a_parent_that_cannot_be_renewed_lets_its_reply_wait(
    notifier: SlackNotifier, peer: Peer, slack: FakeSlack
) -> None:
    parent = notifier.post(delivery("k1"))
    record = reply_record(sample_alert(key="k1", accounts=(account(1),)), account(1))
    peer.faults.queue("chat.update", Fault(kind="reset_after"))
    reply = delivery("k1-1", **record, thread=parent.ref)
    assert notifier.post(reply) == PostOutcome(kind=PostOutcomeKind.RETRY, reason="dropped")
    assert len(slack.shown("C0DESK1")) == 1


def test_a_payload_of_no_known_kind_is_a_bug_and_not_sent(notifier: SlackNotifier, peer: Peer) -> None:
    assert notifier.post(delivery("k", kind="poem")).kind is PostOutcomeKind.BUG
    assert peer.calls == []


@pytest.mark.parametrize("token", ["", "xoxb-with a space", "xoxb-line\nbreak", "xoxb-ünïcode"])
def test_a_token_that_cannot_be_one_is_refused_without_being_told(token: str) -> None:
    with pytest.raises(DeliveryFault) as refused:
        SlackNotifier(token)
    assert not token or token not in str(refused.value)


def test_the_token_is_in_no_outcome_no_log_and_no_exception(
    notifier: SlackNotifier, peer: Peer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = [repr(notifier)]
    faults = (refusal("invalid_auth"), Fault(kind="reset_before"), rate_limit(), Fault(kind="body", body=b"<html>"))
    peer.faults.queue("chat.postMessage", *faults)
    peer.faults.queue("conversations.history", *faults)
    with capture_logs() as logs:
        for _ in faults:
            seen.append(notifier.post(delivery()))
            with pytest.raises(DeliveryFault) as failed:
                notifier.find(delivery())
            seen += [str(failed.value), repr(failed.value.__context__)]
    output = capfd.readouterr()
    assert TOKEN not in f"{seen} {logs} {output.out} {output.err} {caplog.text}"


def test_a_sound_set_up_has_nothing_to_mend(notifier: SlackNotifier) -> None:
    assert notifier.check(["C0DESK1", "#c0desk2"]) == []


def test_each_thing_to_mend_is_told_with_what_to_do(peer: Peer, slack: FakeSlack) -> None:
    slack.scopes = "chat:write,channels:read"
    slack.channels["C0DESK1"]["is_member"] = False
    slack.channels["C0DESK2"]["is_archived"] = True
    faults = SlackNotifier(TOKEN, peer.url, timeout_s=1).check(["C0DESK1", "C0DESK2", "C0NOWHERE"])
    told = " / ".join(map(str, faults))
    for words in (
        "lacks the scope channels:history",
        "lacks the scope groups:read",
        "/invite @Walkback",
        "is_archived",
    ):
        assert words in told
    assert "C0NOWHERE cannot be used: channel_not_found" in told


def test_a_wrong_token_is_told_once_and_a_closed_port_too(peer: Peer) -> None:
    (fault,) = SlackNotifier("xoxb-wrong", peer.url, timeout_s=1).check(["C0DESK1", "C0DESK2"])
    assert "invalid_auth" in str(fault)
    assert "WALKBACK_SLACK_TOKEN" in fault.advice
    (fault,) = SlackNotifier(TOKEN, "http://127.0.0.1:9/", timeout_s=1).check(["C0DESK1"])
    assert "unreachable" in fault.problem


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("1e99", 3600.0),
        ("nan", None),
        ("", None),
        ("next week", None),
        (format_datetime(NOW + timedelta(seconds=90)), 90.0),
        (format_datetime(NOW - timedelta(seconds=90)), 0.0),
        ("Wed, 14 Jan 2026 12:00:10 -0000", 10.0),
    ],
)
def test_retry_after_is_read_in_every_form_it_comes_in(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds
