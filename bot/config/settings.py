"""Deployment and secrets, from WALKBACK_* environment variables; and where the shipped files lie."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigurationError, Fault

PREFIX = "WALKBACK_"


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
    slack_api_url: str = "https://slack.com/api/"
    """Where Slack's API is; another address for proxies and tests."""
    log_format: Literal["console", "json"] = "console"
    """`console` for people, `json` for one object per line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least of debug, info, warning and error that is logged."""

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("slack_token", mode="after")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        token = value.get_secret_value().strip() if value else ""
        if any(c.isspace() or not c.isascii() for c in token):
            raise ValueError("should be one word without spaces")
        return SecretStr(token) if token else None

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


def shipped_path(name: Literal["config", "models"]) -> Path:
    """Return the folder that came with Walkback: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped" / name
    return installed if installed.is_dir() else package.parent / name
