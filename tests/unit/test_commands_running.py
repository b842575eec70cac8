"""What a bot that starts says of itself."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from bot.commands.running import start_facts, store_name
from bot.config import Settings, load_configuration, shipped_path

STORE = make_url("sqlite:///data/walkback.db")


def facts(**settings: object) -> dict[str, str | int]:
    made = Settings(**settings)
    return start_facts(made, load_configuration(shipped_path("config")), STORE)


def test_the_start_names_what_is_tracked_and_where_everything_goes() -> None:
    said = facts()
    assert said["positions"] >= 12
    assert said["feeds"] >= 12
    assert said["alerts_to"] == "this terminal (no WALKBACK_SLACK_TOKEN)"
    assert said["page"] == "not served (no WALKBACK_WEB_PORT)"
    assert said["store"] == "data/walkback.db"
    assert str(said["configuration"]).endswith("config")


@pytest.mark.parametrize(
    ("settings", "page"),
    [
        ({"web_port": 8080}, "http://127.0.0.1:8080/"),
        ({"web_port": 8080, "web_bind": "::1"}, "http://[::1]:8080/"),
        ({"web_port": 0}, "http://127.0.0.1:(any: see page_open)/"),
    ],
)
def test_the_page_is_named_as_a_browser_takes_it(settings: dict[str, object], page: str) -> None:
    assert facts(**settings)["page"] == page


def test_slack_is_named_with_its_channels_and_no_secret() -> None:
    said = facts(slack_token=SecretStr("xoxb-secret"))
    assert said["alerts_to"] == "Slack: #walkback"
    assert "secret" not in str(said)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:////var/lib/walkback.db", "/var/lib/walkback.db"),
        ("postgresql+psycopg://ada:secret@db.example.org:5432/desk", "postgresql, desk at db.example.org"),
        ("postgresql+psycopg:///desk", "postgresql, desk at this machine"),
    ],
)
def test_the_store_is_named_without_user_and_password(address: str, name: str) -> None:
    assert store_name(make_url(address)) == name
