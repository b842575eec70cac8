"""What each kind of process serves where a port is set: `worker` its health and metrics, `desk` the page, too."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from socket_peer import APP_TOKEN, TOKEN, FakeDesk, Peer, SocketServer
from sqlalchemy import Engine

from bot.app import WorkerProcess, build_workers
from bot.commands.desk import desk
from bot.commands.page import Served, health_works
from bot.commands.worker import health_beside
from bot.config import load_configuration, load_settings, shipped_path
from bot.detection.manifest import read_manifest
from bot.errors import EnvironmentFault
from bot.runtime.local import LocalRuntime


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A free port, which the environment names for the page."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = int(taken.getsockname()[1])
    monkeypatch.setenv("WALKBACK_WEB_PORT", str(free))
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path))
    return free


def ask(port: int, path: str, host: str = "10.1.2.3:8080") -> tuple[int, str]:
    """Ask as a probe does, which knows no name; wait until somebody listens."""
    until = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            assert time.monotonic() < until
            time.sleep(0.05)
        finally:
            connection.close()


def model_in(text: str) -> str:
    found = re.search(r'walkback_info\{.*model="([^"]*)"', text)
    assert found
    return found[1]


def test_a_worker_tells_its_health_and_what_is_counted_and_no_word_of_the_ledger(
    postgres, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.prepared(queue=True) as url:
        monkeypatch.setenv("WALKBACK_DATABASE_URL", url)
        settings = load_settings()
        configuration = load_configuration(settings.config_path)
        process = build_workers(settings, configuration, stages=["deliver"], concurrency=1)
        thread = threading.Thread(target=process.run)
        with health_beside(process, settings):
            thread.start()
            status, told = ask(port, "/healthz")
            health = json.loads(told)
            assert (status, health["status"], set(health["busy_s"])) == (200, "ok", {"deliver", "tend"})
            assert ask(port, "/readyz") == (200, '{"ready":true,"checks":{"database":"ok"}}')
            status, told = ask(port, "/metrics")
            assert (status, model_in(told)) == (200, "")
            assert "walkback_database_up 1.0" in told
            assert 'walkback_stage_wedged{stage="deliver"} 0.0' in told
            assert f'walkback_feeds{{state="configured"}} {float(len(configuration.feeds))}' in told
            for path in ("/", "/shifts", "/how", "/sign-in"):
                assert ask(port, path, "localhost")[0] == 404
            process.stop()
            thread.join(60)
        process.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_wedged_worker_and_one_with_an_older_model_than_the_folders_say_so(store: Engine, port: int) -> None:
    scorer = SimpleNamespace(names=(), score=lambda pairs: "scored")
    detector = SimpleNamespace(name="walkback-older", featurizer=SimpleNamespace(scorer=scorer))
    process = WorkerProcess(
        engine=store,
        detector=detector,
        run=lambda: True,
        stop=lambda: None,
        close=lambda: None,
        busy_s=lambda: {"assess": 700.0},
        wedged=lambda: ["assess"],
    )
    settings = load_settings()
    with health_beside(process, settings):
        status, told = ask(port, "/healthz")
        assert (status, json.loads(told)["wedged"]) == (503, ["assess"])
        status, told = ask(port, "/readyz")
        name = read_manifest(settings.model_path).name
        assert (status, json.loads(told)["checks"]["model"]) == (
            503,
            f"manifest.json names {name}, but walkback-older is loaded: restart to use it",
        )
        assert detector.featurizer.scorer.score([("a", "b")]) == "scored"
        told = ask(port, "/metrics")[1]
        assert (model_in(told), "walkback_encoder_pairs_sum 1.0" in told) == ("walkback-older", True)


def test_without_a_port_nothing_is_served_and_a_taken_one_is_told(
    store: Engine, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = Served(engine=store, busy=dict, wedged=list)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(EnvironmentFault, match="WALKBACK_WEB_PORT"):
        health_works(served, load_settings())
    monkeypatch.delenv("WALKBACK_WEB_PORT")
    assert health_works(served, load_settings()) == []


def test_a_runtime_without_a_heartbeat_writes_none(tmp_path: Path) -> None:
    runtime = LocalRuntime([], None)
    runtime.stop()
    assert runtime.run()
    assert list(tmp_path.iterdir()) == []


def test_the_desk_serves_the_page_with_the_ledger(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shipped_path("config"), tmp_path / "config")
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", TOKEN)
    monkeypatch.setenv("WALKBACK_SLACK_APP_TOKEN", APP_TOKEN)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    found: dict[str, tuple[int, str]] = {}

    def visit() -> None:
        with contextlib.suppress(Exception):
            for path in ("/healthz", "/readyz", "/metrics"):
                found[path] = ask(port, path)
            for path in ("/", "/how"):
                found[path] = ask(port, path, "localhost")
        os.kill(os.getpid(), signal.SIGTERM)

    with SocketServer() as server:
        slack = FakeDesk("C0DESK1", socket_url=server.url)
        with Peer(slack.respond) as peer:
            slack.base = peer.url
            monkeypatch.setenv("WALKBACK_SLACK_API_URL", peer.url)
            visitor = threading.Thread(target=visit)
            visitor.start()
            try:
                desk()
            finally:
                visitor.join(60)
                for number, handler in before.items():
                    signal.signal(number, handler)
    assert {path: status for path, (status, _) in found.items()} == dict.fromkeys(
        ("/healthz", "/readyz", "/metrics", "/", "/how"), 200
    )
    assert {"daily", "desk", "marks", "page"} == set(json.loads(found["/healthz"][1])["busy_s"])
    assert json.loads(found["/readyz"][1])["checks"] == {"database": "ok", "model": "ok"}
    assert "NATO membership" in found["/"][1]
    assert read_manifest(load_settings().model_path).name in found["/how"][1]
    assert "walkback_database_up 1.0" in found["/metrics"][1]
