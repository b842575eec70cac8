"""The demonstration, whole: sample feeds on loopback, through all stages, to the alerts that an editor would expect."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console
from ruamel.yaml import YAML

from bot.app import build_bot
from bot.commands.running import run_round
from bot.config import Settings, load_configuration
from bot.console import ConsoleNotifier
from bot.core.card import Card, card_from
from bot.demo import samples
from bot.demo.server import serve, write_config
from bot.domain import Delivery
from bot.ports import PostOutcome, PostOutcomeKind

EXPECTED = YAML(typ="safe").load(samples.text_of("expected.yaml"))


class Recorder:
    """A desk that keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []
        self.text = io.StringIO()
        self._console = ConsoleNotifier(Console(file=self.text, width=100, force_terminal=False))

    def post(self, delivery: Delivery) -> PostOutcome:
        self.shown.append(delivery.payload)
        self._console.post(delivery)
        return PostOutcome(kind=PostOutcomeKind.POSTED, ref=str(len(self.shown)))

    def find(self, delivery: Delivery) -> str | None:
        return None


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorder, dict[str, int], dict[str, int]]:
    """Two rounds over the same feeds: what was shown, and the counts of each round."""
    folder = tmp_path_factory.mktemp("demo")
    with serve(now=datetime.now(UTC)) as base:
        write_config(folder / "config", base)
        settings = Settings(database_url=SecretStr(f"sqlite:///{folder / 'demo.db'}"), config_dir=folder / "config")
        recorder = Recorder()
        bot = build_bot(settings, load_configuration(folder / "config"), notifier=recorder)
        first, second = run_round(bot), run_round(bot)
        bot.ingest.close()
        bot.engine.dispose()
    return recorder, first, second


def alerts(recorder: Recorder) -> list[Card]:
    return [card_from(payload) for payload in recorder.shown if payload["kind"] == "alert"]


def article_of(card: Card) -> str:
    return Path(card.first.url).stem


def test_the_expected_shifts_are_alerted_and_hardly_anything_else(
    rounds: tuple[Recorder, dict[str, int], dict[str, int]],
) -> None:
    recorder, *_ = rounds
    expected = {(shift["article"], shift["position"]) for shift in EXPECTED["shifts"]}
    alerted = [(article_of(card), card.position_id) for card in alerts(recorder)]
    assert len(alerted) == len(set(alerted)), "one alert a shift"
    assert len(expected & set(alerted)) >= 5, f"missed: {expected - set(alerted)}"
    assert len(set(alerted) - expected) <= 1, f"for nothing: {set(alerted) - expected}"


def test_most_alerts_say_which_way_the_line_moved(rounds: tuple[Recorder, dict[str, int], dict[str, int]]) -> None:
    recorder, *_ = rounds
    said = {(card.position_id, card.relation.value) for card in alerts(recorder)}
    right = said & {(shift["position"], shift["relation"]) for shift in EXPECTED["shifts"]}
    assert len(right) >= 4, f"said: {said}"


def test_a_copy_in_another_outlet_is_no_second_alert(rounds: tuple[Recorder, dict[str, int], dict[str, int]]) -> None:
    recorder, *_ = rounds
    copies = {article for shift in EXPECTED["shifts"] for article in shift.get("also", [])}
    assert not copies & {article_of(card) for card in alerts(recorder)}


def test_every_article_is_read_or_passed_over_with_a_reason(
    rounds: tuple[Recorder, dict[str, int], dict[str, int]],
) -> None:
    _, first, _ = rounds
    total = len(EXPECTED["none"]) + sum(1 + len(shift.get("also", [])) for shift in EXPECTED["shifts"])
    assert first["feeds_polled"] == 3
    assert first["new_articles"] == total
    assert first["assessed"] + first["skipped"] == total
    assert first["failed"] == 0


def test_a_second_round_shows_nothing_again(rounds: tuple[Recorder, dict[str, int], dict[str, int]]) -> None:
    recorder, first, second = rounds
    assert first["posted"] == len(recorder.shown)
    assert (second["new_articles"], second["alerts"], second["posted"]) == (0, 0, 0)


def test_the_readmes_alert_is_one_of_the_demonstrations(
    root: Path, rounds: tuple[Recorder, dict[str, int], dict[str, int]]
) -> None:
    recorder, *_ = rounds
    readme = (root / "README.md").read_text(encoding="utf-8")
    example = readme.split("<!-- alert -->\n```text\n")[1].split("```")[0]
    shown = " ".join(recorder.text.getvalue().split())
    parts = [" ".join(part.split()) for part in re.split(r"\n  (?=[A-Z])", example)]
    assert len(parts) >= 5
    assert [part for part in parts if part not in shown] == []
