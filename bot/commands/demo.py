"""`demo`: the whole way on one machine, from sample feeds on loopback to alerts in the terminal."""

from __future__ import annotations

import tempfile
from collections import Counter
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
from bot.stages.copies import SAME_WORDS
from bot.stages.judge import ANOTHERS_STANCE, BESIDE_THE_SUBJECT, HOLDER_ABSENT
from bot.store import tallies
from bot.store.engine import snapshot
from bot.store.tallies import Tally

_SILENT = {
    Relation.CONSISTENT.value: "within the line",
    Relation.UNRELATED.value: "nothing about what the holder holds",
}
_KEPT_BACK = "a movement of the line, but no shift of its own: told before, only a denial, or too old"
_DROPPED = {
    HOLDER_ABSENT: ("comparison", "the article never names the holder"),
    BESIDE_THE_SUBJECT: ("comparison", "the holder is named, but not beside the line's subject"),
    ANOTHERS_STANCE: ("statement", "what somebody else holds"),
    SAME_WORDS: ("statement", "word for word in an article that was judged before"),
}

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
    silent = why_silent(told)
    if json_:
        emit(report | {"why_not": silent})
        return
    lines, articles = counted(len(configuration.positions), "tracked line"), counted(report["new_articles"], "article")
    words = [
        f"\n{articles} laid beside {lines}: {counted(report['alerts'], 'alert')}, one for each shift of a line.",
        f"{counted(report['further_accounts'], 'further report')} of those shifts, told below its alert (“Also reported”).",
        "What stayed silent, and why. A statement is one to three sentences on a tracked topic; a comparison is one article",
        "beside one line.",
        *(f"  {line}" for line in silent),
    ]
    people.print("\n".join(words), markup=False, highlight=False, soft_wrap=True)


def why_silent(told: Sequence[Tally]) -> list[str]:
    """Return in an editor's words what the assess stage did not alert to, with what is counted, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in told:
        if one.stage == "assess" and one.outcome not in ("assessed", Decision.ALERT.value):
            counts[_words(one)] += one.n
    return [f"{counted(n, what)}: {why}" for (what, why), n in counts.most_common()]


def _words(one: Tally) -> tuple[str, str]:
    """Return what is counted, and why it stayed silent."""
    reason = one.reason.replace("_", " ") or "no reason given"
    if one.outcome == Decision.DIGEST:
        return "statement", "near misses, not sure enough to wake anybody; the daily digest has them"
    if one.outcome == Decision.SILENT:
        return "statement", _SILENT.get(one.reason, _KEPT_BACK)
    if one.outcome == "dropped":
        return _DROPPED.get(one.reason, ("statement", reason))
    return "article", "without readable text" if reason == "empty" else reason
