"""`demo`: the whole way on one machine, from sample feeds on loopback to alerts in the terminal."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from bot.app import build_bot, build_notifier, configure_logging
from bot.commands.output import counted, emit, people, waiting
from bot.commands.running import run_round
from bot.config import load_configuration, load_settings
from bot.demo.server import serve, write_config
from bot.domain import Decision, Relation
from bot.stages.judge import ANOTHERS_STANCE, HOLDER_ABSENT
from bot.store import tallies
from bot.store.engine import snapshot
from bot.store.tallies import Tally

AsJson = Annotated[bool, typer.Option("--json", help="What happened as one JSON line, after the alerts.")]


def demo(json_: AsJson = False) -> None:
    """Serve sample articles on loopback, poll them, and show the alerts. Needs no network, no token and no configuration."""
    settings = load_settings()
    configure_logging(settings.model_copy(update={"log_level": "error"}))
    with tempfile.TemporaryDirectory(prefix="walkback-demo-") as folder, serve() as base:
        write_config(Path(folder) / "config", base)
        mine = settings.model_copy(
            update={
                "database_url": SecretStr(f"sqlite:///{Path(folder) / 'demo.db'}"),
                "config_dir": Path(folder) / "config",
                "slack_token": None,
            }
        )
        configuration = load_configuration(mine.config_path)
        people.print(
            f"Polling {counted(len(configuration.feeds), 'sample feed')} for shifts of "
            f"{counted(len(configuration.positions), 'position')} …"
        )
        with waiting("Loading the model"):
            bot = build_bot(mine, configuration, notifier=build_notifier(mine))
        try:
            report = run_round(bot)
            with snapshot(bot.engine) as connection:
                told = tallies.totals(connection, date(2000, 1, 1))
        finally:
            bot.close()
    silent = _why_silent(told)
    if json_:
        emit(report | {"why_not": silent})
        return
    people.print(
        f"\n{counted(report['new_articles'], 'article')} read, {counted(report['alerts'], 'alert')}, "
        f"{counted(report['further_accounts'], 'further account')} of the same shift. What stayed silent, and why:"
    )
    for line in silent:
        people.print(f"  {line}", markup=False, highlight=False)


def _why_silent(told: Sequence[Tally]) -> list[str]:
    """Return in an editor's words what the assess stage did not alert to, the most frequent first."""
    silent = [t for t in told if t.stage == "assess" and t.outcome not in ("assessed", Decision.ALERT.value)]
    near = sum(t.n for t in silent if t.outcome == Decision.DIGEST)
    said = [(t.n, _words(t)) for t in silent if t.outcome != Decision.DIGEST]
    if near:
        said.append((near, counted(near, "near miss", "near misses")))
    return [words for _, words in sorted(said, key=lambda one: -one[0])]


def _words(one: Tally) -> str:
    one_only = one.n == 1
    reason = one.reason.replace("_", " ") or "no reason given"
    said = {
        (Decision.SILENT, Relation.UNRELATED): f"{'says' if one_only else 'say'} nothing of a tracked line",
        (Decision.SILENT, Relation.CONSISTENT): f"{'keeps' if one_only else 'keep'} to the line",
        ("dropped", ANOTHERS_STANCE): "of what somebody else holds",
    }.get((one.outcome, one.reason))
    if said or one.outcome == Decision.SILENT:
        return f"{counted(one.n, 'statement')} {said or f'judged {reason} and kept back all the same'}"
    if (one.outcome, one.reason) == ("dropped", HOLDER_ABSENT):
        return f"{counted(one.n, 'position')} whose holder an article never names"
    return (
        f"{counted(one.n, 'article')} {'without readable text' if one.outcome == 'skipped' else one.outcome} ({reason})"
    )
