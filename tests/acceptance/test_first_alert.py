"""A desk's first alert: the test that needs no news, and what is said when Slack does not take an alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from alert_samples import sample_alert
from serving import serving
from slack_peer import TOKEN, FakeSlack, Peer, rate_limit, refusal
from typed import Run

from bot.app import Bot
from bot.core.card import alert_record
from bot.slack.codes import ADVICE
from bot.store import deliveries
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.migrate import prepare

EMPTY = b"<rss version='2.0'><channel><title>Nothing yet</title></channel></rss>"
SCOPES = "chat:write,channels:read,channels:history,groups:read,groups:history,files:write,commands"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "desk.yaml").write_text(
        "default_channel: d\nchannels: {d: '#c0desk1', nuclear: '#c0desk2'}\n"
        "poll: {allowed_networks: [127.0.0.0/8], host_gap_s: 0}\ndispatch: {gap_s: 0}\n"
    )
    (folder / "feeds.yaml").write_text("feeds: []\n")
    (folder / "positions.yaml").write_text(
        "positions:\n  - {id: x, holder: Norland, topic: tanks, since: 2026-01-01, baseline: Norland sends none.}\n"
    )
    return folder


@pytest.fixture
def run(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, walkback: Run) -> Run:
    """The command line over a store without articles, for which no model has to be loaded."""
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(config))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for command in ("running", "doctor"):
        monkeypatch.setattr(f"bot.commands.{command}.load_detector", lambda _: SimpleNamespace(featurizer=None))
    return walkback


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack("C0DESK1", "C0DESK2")


@pytest.fixture
def peer(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with Peer(slack.respond) as peer:
        monkeypatch.setenv("WALKBACK_SLACK_API_URL", peer.url)
        monkeypatch.setenv("WALKBACK_SLACK_TOKEN", TOKEN)
        yield peer


def wait_for(tmp_path: Path, *keys: str) -> None:
    """Put alerts into the store that are due."""
    engine = open_engine(f"sqlite:///{tmp_path / 'data' / 'walkback.db'}")
    prepare(engine)
    with transaction(engine) as connection:
        for key in keys:
            record = alert_record(sample_alert(key=key))
            deliveries.add(
                connection, alert_key=key, position_id="x", channel="#c0desk1", payload=record, priority=10, now=datetime.now(UTC)
            )  # fmt: skip
    engine.dispose()


def test_without_a_token_the_test_alert_is_shown_here_and_says_so(run: Run, tmp_path: Path) -> None:
    ended = run("test", WALKBACK_MODEL_DIR=str(tmp_path / "none"))
    assert ended.code == 0
    assert ended.out.startswith("Test: Freedonia softens on")
    assert "made up by Walkback: nobody said it, and nothing is filed" in ended.out
    assert "shown here, since WALKBACK_SLACK_TOKEN is not set. With a token it goes to #c0desk1 in Slack." in ended.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("options", "channel"), [([], "C0DESK1"), (["--channel", "nuclear"], "C0DESK2")])
def test_with_a_bot_token_alone_it_is_one_message_in_the_channel(
    run: Run, peer: Peer, slack: FakeSlack, tmp_path: Path, options: list[str], channel: str
) -> None:
    ended = run("test", "--json", *options)
    assert ended.code == 0
    (message,) = slack.shown(channel)
    assert message["text"].startswith("Test: Freedonia softens on")
    assert "TEST. This is a sample" in str(message["blocks"][0])
    assert "actions" not in {block["type"] for block in message["blocks"]}
    assert ended.lines == [{"shown_in": "slack", "channel": f"#{channel.lower()}", "ref": f"{channel}:{message['ts']}"}]
    assert f"Posted a test alert to #{channel.lower()} in Slack" in run("test", *options).err
    assert len(slack.keys()) == 2
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("method", "fault", "words"),
    [
        ("chat.postMessage", refusal("not_in_channel"), f"not_in_channel. {ADVICE['not_in_channel']}."),
        ("conversations.list", refusal("invalid_auth"), f"invalid_auth. {ADVICE['invalid_auth']}."),
        ("chat.postMessage", rate_limit("9"), "ratelimited. Slack asks for a pause of 9 seconds"),
        ("chat.postMessage", refusal("internal_error"), "internal_error. It may stand there all the same"),
        ("chat.postMessage", refusal("msg_too_long"), "msg_too_long. That is a fault of ours"),
    ],
)
def test_what_slack_refuses_is_one_sentence_with_what_to_do_and_exit_code_3(
    run: Run, peer: Peer, method: str, fault: object, words: str
) -> None:
    peer.faults.queue(method, fault)
    ended = run("test")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("walkback: Slack did not take the test alert for #c0desk1: ")
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert TOKEN not in ended.err


def test_a_scope_that_is_missing_is_named(run: Run, peer: Peer, slack: FakeSlack) -> None:
    slack.scopes = "chat:write"
    ended = run("test")
    assert ended.code == 3
    assert "missing_scope (Slack asks for channels:read; the token has chat:write). Add the scope under" in ended.err


def test_a_channel_that_desk_yaml_does_not_name_is_exit_code_2(run: Run) -> None:
    ended = run("test", "--channel", "sports")
    assert (ended.code, ended.err) == (2, "walkback: desk.yaml names no channel 'sports'. Known: d, nuclear.\n")


def test_once_says_which_alerts_wait_and_why_and_ends_with_3_until_that_is_mended(
    run: Run, peer: Peer, slack: FakeSlack, tmp_path: Path
) -> None:
    wait_for(tmp_path, "k1", "k2")
    slack.scopes = "chat:write"
    ended = run("once")
    assert ended.code == 3
    assert (
        "2 alerts wait for #c0desk1, since Slack did not take what was tried: missing_scope (Slack asks for channels:read; "
        in ended.err
    )
    assert "Add the scope under OAuth & Permissions, then install the app again." in ended.err
    machine = run("once", "--json")
    assert machine.code == 3
    told = [(row["channel"], row["n"], row["reason"].split(" (")[0]) for row in machine.lines[-1]["waiting"]]
    assert told == [("#c0desk1", 1, ""), ("#c0desk1", 1, "mend: missing_scope")]
    doctor = run("doctor").out
    assert (
        "WRONG deliveries\n      an alert for #c0desk1 is pending: mend: missing_scope (Slack asks for channels:read; "
        in doctor
    )
    assert "then install the app again" in doctor.split("WRONG deliveries")[1].split("\n")[1]
    slack.scopes = SCOPES
    mended = run("once", "--json")
    assert (mended.code, mended.lines[-1]["shown"], mended.lines[-1]["waiting"]) == (0, {"alert": 2}, [])
    assert len(slack.shown("C0DESK1")) == 2


def test_a_first_reading_is_said_to_be_silent_and_the_second_is_no_first(run: Run, config: Path) -> None:
    with serving({"/a.xml": EMPTY, "/b.xml": EMPTY}) as base:
        (config / "feeds.yaml").write_text(
            f"feeds:\n  - {{url: '{base}/a.xml', name: A}}\n  - {{url: '{base}/b.xml', name: B, first_run: post}}\n"
        )
        first, second = run("once"), run("once")
    assert (first.code, second.code) == (0, 0)
    assert "Feeds: 2 read." in first.err
    assert "1 feed was read for the first time, in silence" in first.err
    assert "first_run: post" in first.err
    assert "first time" not in second.err


def test_run_begins_with_a_line_of_what_it_tracks_and_takes_up_what_may_be_mended(
    run: Run, peer: Peer, slack: FakeSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(tmp_path, "k1")
    slack.scopes = "chat:write"
    assert run("once").code == 3
    due: list[str] = []

    def turn(bot: Bot, *_: object, **__: object) -> SimpleNamespace:
        def go() -> bool:
            with snapshot(bot.engine) as connection:
                due.extend(row.channel for row in deliveries.due(connection, datetime.now(UTC)))
            return True

        return SimpleNamespace(run=go, fault="")

    monkeypatch.setattr("bot.commands.running.build_runtime", turn)
    monkeypatch.setattr("bot.commands.running.signal.signal", lambda *_: None)
    ended = run("run")
    assert (ended.code, due) == (0, ["#c0desk1"])
    (line,) = [line for line in ended.err.splitlines() if " started " in line]
    for fact in ("positions=1", "feeds=0", "Slack: #c0desk1, #c0desk2", "WALKBACK_WEB_PORT", "data/walkback.db"):
        assert fact in line
