"""What doctor finds out about the conversation before anybody presses a button."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from socket_peer import APP_TOKEN, TOKEN, FakeDesk, Peer, SocketServer
from typer.testing import CliRunner

from bot.cli import app
from bot.slack.check_socket import check_socket
from bot.slack.post import SlackNotifier


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SocketServer]:
    with SocketServer() as server:
        yield server


@pytest.fixture
def slack(server: SocketServer) -> FakeDesk:
    return FakeDesk("C0DESK1", socket_url=server.url)


@pytest.fixture
def peer(slack: FakeDesk) -> Iterator[Peer]:
    with Peer(slack.respond) as peer:
        yield peer


def test_a_socket_that_would_open_is_left_closed(peer: Peer, server: SocketServer) -> None:
    assert check_socket(APP_TOKEN, api_url=peer.url) == []
    assert peer.calls == ["apps.connections.open"]
    assert server.connections == 0


@pytest.mark.parametrize(
    ("token", "problem", "advice"),
    [
        ("xapp-wrong", "invalid_auth", "connections:write"),
        ("xoxb-a-bot-token", "holds a bot token", "xapp-"),
    ],
)
def test_a_wrong_app_token_is_told_with_what_to_do(peer: Peer, token: str, problem: str, advice: str) -> None:
    (fault,) = check_socket(token, api_url=peer.url)
    assert problem in fault.problem
    assert advice in fault.advice
    assert token not in str(fault)


def test_a_socket_out_of_reach_is_told(peer: Peer, slack: FakeDesk) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        slack.socket_url = f"ws://127.0.0.1:{unused.getsockname()[1]}/?ticket=secret"
        (fault,) = check_socket(APP_TOKEN, api_url=peer.url)
    assert "cannot be reached" in fault.problem
    assert "secret" not in str(fault)


def test_a_missing_scope_is_told_with_what_it_is_for(peer: Peer, slack: FakeDesk) -> None:
    slack.scopes = "chat:write,channels:read,channels:history,groups:read,groups:history"
    faults = SlackNotifier(TOKEN, peer.url).check(["C0DESK1"])
    assert [fault.problem.split(", ")[0] for fault in faults] == [
        "the Slack app lacks the scope files:write",
        "the Slack app lacks the scope commands",
    ]


def test_doctor_looks_at_both_tokens(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WALKBACK_SLACK_API_URL", peer.url)
    monkeypatch.setenv("WALKBACK_SLACK_APP_TOKEN", APP_TOKEN)
    alone = CliRunner().invoke(app, ["doctor"]).output
    assert "WRONG conversation" in alone
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", TOKEN)
    assert "ok    conversation: app-level token and socket" in CliRunner().invoke(app, ["doctor"]).output
