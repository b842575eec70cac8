"""The daily digest is configured in desk.yaml, and only where it is."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.config import load_desk, load_settings
from bot.core.policies import DailyPolicy
from bot.errors import ConfigurationError

DESK = 'default_channel: desk\nchannels: {desk: "#walkback"}\n'


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return tmp_path / "desk.yaml"


def test_the_digest_has_an_hour_a_zone_and_a_measure_of_quiet(desk: Path) -> None:
    desk.write_text(DESK + 'daily: {at: "07:30", zone: Europe/Berlin, quiet_days: 14}\n')
    assert load_desk(desk).daily == DailyPolicy(at=time(7, 30), zone="Europe/Berlin", quiet_days=14)
    desk.write_text(DESK)
    assert load_desk(desk).daily is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('daily: {at: "7 o\'clock"}', "daily.at"),
        ('daily: {at: "07:00", zone: Europe/Berlni}', "Did you mean «Europe/Berlin»?"),
        ('daily: {at: "07:00", quiet_days: 0}', "daily.quiet_days"),
        ("daily: {zone: UTC}", "at"),
    ],
)
def test_a_digest_that_cannot_be_is_told(desk: Path, line: str, told: str) -> None:
    desk.write_text(f"{DESK}{line}\n")
    with pytest.raises(ConfigurationError) as fault:
        load_desk(desk)
    assert told in str(fault.value)


def test_the_app_token_is_a_secret_of_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKBACK_SLACK_APP_TOKEN", " xapp-1-secret ")
    settings = load_settings()
    assert settings.slack_app_token is not None
    assert settings.slack_app_token.get_secret_value() == "xapp-1-secret"
    assert "secret" not in repr(settings)
    monkeypatch.setenv("WALKBACK_SLACK_APP_TOKEN", "two words")
    with pytest.raises(ConfigurationError, match="one word"):
        load_settings()
