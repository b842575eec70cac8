"""Deployment and secrets, from WALKBACK_* environment variables; and where the shipped files lie."""

from __future__ import annotations

import difflib
import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigurationError, Fault

PREFIX = "WALKBACK_"
SHORTEST_WEB_TOKEN = 16


class Settings(BaseSettings):
    """Deployment and secrets, from WALKBACK_* variables; an empty variable counts as unset.

    Secrets, the database's address among them, are `SecretStr`: never in a repr, a log or an exception.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    database_url: SecretStr | None = None
    """sqlite:///file or postgresql://user@host/name; a file in `data_dir` where unset."""
    data_dir: Path = Path()
    """Where the database and the heartbeat lie; the current folder where unset."""
    config_dir: Path | None = None
    """The folder of positions.yaml, feeds.yaml and desk.yaml; the shipped one where unset."""
    model_dir: Path | None = None
    """The folder of the trained artefacts; the shipped one where unset."""
    slack_token: SecretStr | None = None
    """Bot token (xoxb-…); without it alerts are shown in the terminal."""
    slack_app_token: SecretStr | None = None
    """App-level token (xapp-…) for the conversation: buttons, /walkback, App Home; without it alerts have no buttons."""
    slack_api_url: str = "https://slack.com/api/"
    """Where Slack's API is; another address for proxies and tests."""
    web_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of the page, with health and metrics; 0 for any free one, not served where unset."""
    web_bind: str = "127.0.0.1"
    """Address at which the page listens; this machine alone where unset, 0.0.0.0 for every network."""
    web_hosts: str = ""
    """Further names under which the page is asked for, with commas between; `*` for any."""
    web_token: SecretStr | None = None
    """Opens the page's sign-in, from where people can decide; at least 16 characters."""
    web_user_header: str = ""
    """Header in which a proxy that signs people in names them, such as X-Forwarded-User; nobody is believed where unset."""
    web_proxies: str = "127.0.0.1/32,::1/128"
    """Networks (CIDR), with commas between, from which that header is believed."""
    log_format: Literal["console", "json"] = "console"
    """`console` for people, `json` for one object per line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least of debug, info, warning and error that is logged."""

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("slack_token", "slack_app_token", mode="after")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        token = value.get_secret_value().strip() if value else ""
        if any(c.isspace() or not c.isascii() for c in token):
            raise ValueError("should be one word without spaces")
        return SecretStr(token) if token else None

    @field_validator("web_token", mode="after")
    @classmethod
    def _web_token(cls, value: SecretStr | None) -> SecretStr | None:
        token = value.get_secret_value().strip() if value else ""
        if token and len(token) < SHORTEST_WEB_TOKEN:
            raise ValueError(f"should have at least {SHORTEST_WEB_TOKEN} characters")
        return SecretStr(token) if token else None

    @field_validator("web_user_header", mode="after")
    @classmethod
    def _web_user_header(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9-]+", value):
            raise ValueError("should be the name of a header, such as X-Forwarded-User")
        return value

    @field_validator("web_proxies", mode="after")
    @classmethod
    def _web_proxies(cls, value: str) -> str:
        for network in _listed(value):
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError("should be networks such as 10.0.0.0/8, with commas between") from None
        return value

    @field_validator("slack_api_url", mode="after")
    @classmethod
    def _api_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("should be a web address such as https://slack.com/api/")
        return value if value.endswith("/") else f"{value}/"

    @property
    def database(self) -> str:
        """The database's address, with its password: for `open_engine` alone."""
        return (
            self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.data_dir / 'walkback.db'}"
        )

    @property
    def web_names(self) -> tuple[str, ...]:
        """The names under which the page may be asked for."""
        return ("localhost", "127.0.0.1", "::1", *(name.lower() for name in _listed(self.web_hosts)))

    @property
    def web_networks(self) -> tuple[str, ...]:
        """The networks whose proxies are believed."""
        return _listed(self.web_proxies)

    @property
    def config_path(self) -> Path:
        """The folder of the three YAML files."""
        return self.config_dir or shipped_path("config")

    @property
    def model_path(self) -> Path:
        """The folder of the trained artefacts."""
        return self.model_dir or shipped_path("models")


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        ConfigurationError: a WALKBACK_* variable is wrong, or one is misspelt. No value is repeated in it.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    faults = []
    for name in sorted(word for word in set(os.environ) - known if word.startswith(PREFIX)):
        meant = difflib.get_close_matches(name, known, n=1, cutoff=0.9)
        if meant:
            faults.append(Fault(key=name, problem="is not a known variable", advice=f"Did you mean {meant[0]}?"))
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            problem = detail["msg"].removeprefix("Value error, ").replace("Input should", "should")
            faults.append(Fault(key=f"{PREFIX}{str(detail['loc'][0]).upper()}", problem=problem))
    if settings is None or faults:
        raise ConfigurationError(faults) from None
    return settings


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def shipped_path(name: Literal["config", "models"]) -> Path:
    """Return the folder that came with Walkback: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped" / name
    return installed if installed.is_dir() else package.parent / name
