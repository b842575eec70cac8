from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.config import load_settings, shipped_path
from bot.errors import ConfigurationError, Fault


def faults_of() -> list[Fault]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return caught.value.faults


def test_without_variables_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.database == "sqlite:///walkback.db"
    assert (settings.config_path, settings.model_path) == (shipped_path("config"), shipped_path("models"))
    assert settings.slack_token is None
    assert settings.slack_api_url == "https://slack.com/api/"
    assert (settings.log_format, settings.log_level) == ("console", "info")


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("WALKBACK_MODEL_DIR", str(tmp_path / "m"))
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", " xoxb-1\n")
    monkeypatch.setenv("WALKBACK_SLACK_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("WALKBACK_LOG_FORMAT", "JSON")
    settings = load_settings()
    assert settings.database == f"sqlite:///{tmp_path}/walkback.db"
    assert (settings.config_path, settings.model_path) == (tmp_path / "c", tmp_path / "m")
    assert settings.slack_token is not None
    assert settings.slack_token.get_secret_value() == "xoxb-1"
    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert settings.log_format == "json"
    monkeypatch.setenv("WALKBACK_DATABASE_URL", "postgresql://u:pw@h/d")
    assert load_settings().database == "postgresql://u:pw@h/d"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_TOKEN", "DATABASE_URL", "CONFIG_DIR", "LOG_FORMAT"):
        monkeypatch.setenv(f"WALKBACK_{name}", "")
    assert load_settings().slack_token is None
    assert load_settings().database == "sqlite:///walkback.db"


def test_faults_of_variables_are_told_together_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKBACK_LOG_FORMAT", "xml")
    monkeypatch.setenv("WALKBACK_SLACK_API_URL", "slack.com/api")
    monkeypatch.setenv("WALKBACK_SLACK_TOKN", "xoxb-hidden")
    assert {(fault.key, fault.problem, fault.advice) for fault in faults_of()} == {
        ("WALKBACK_LOG_FORMAT", "should be 'console' or 'json'", ""),
        ("WALKBACK_SLACK_API_URL", "should be a web address such as https://slack.com/api/", ""),
        ("WALKBACK_SLACK_TOKN", "is not a known variable", "Did you mean WALKBACK_SLACK_TOKEN?"),
    }


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKBACK_SHARED", "/anywhere")
    monkeypatch.setenv("SLACK_TOKN", "x")
    assert load_settings().slack_token is None


def test_secrets_are_in_no_repr_and_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", "xoxb-hidden")
    monkeypatch.setenv("WALKBACK_DATABASE_URL", "postgresql://u:hidden@h/d")
    settings = load_settings()
    assert "hidden" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", "xoxb hidden")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "hidden" not in "".join(traceback.format_exception(caught.value))
    assert [fault.key for fault in caught.value.faults] == ["WALKBACK_SLACK_TOKEN"]
