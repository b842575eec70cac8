"""The faults that a person can mend. Everything else is a bug and passes through.

WalkbackError
  ConfigurationError   what the desk wrote cannot be used (exit code 2)
  InputError           a file, address or line that was handed in cannot be read (exit code 2)
  EnvironmentFault     what the bot stands on is missing or refuses (exit code 3)
    ModelError         a trained artefact is missing, altered or of another version
    StoreError         the database is missing, locked, full, newer or damaged
    DeliveryFault      Slack cannot be reached or refuses the token or channel
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to mend: what is wrong, where it stands, what to do. `line` counts from 1, 0 where there is none."""

    problem: str
    file: str = ""
    line: int = 0
    key: str = ""
    advice: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        head = ": ".join(part for part in (place, self.key, self.problem) if part)
        return f"{head}. {self.advice}" if self.advice else head


class WalkbackError(Exception):
    """Base of all faults that are told to a person as one sentence each, without a traceback."""

    exit_code = 3


class ConfigurationError(WalkbackError):
    """Carries every fault found, not just the first."""

    exit_code = 2

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class InputError(WalkbackError):
    """Something handed in on the command line cannot be read."""

    exit_code = 2


class EnvironmentFault(WalkbackError):
    """Something the bot needs is missing or refuses."""


class ModelError(EnvironmentFault):
    """A trained artefact is missing, altered or made for another version."""


class StoreError(EnvironmentFault):
    """The database cannot be used."""


class DeliveryFault(EnvironmentFault):
    """Slack, or what stands in for it, cannot be used as configured, or now; `retry_after_s` is what it asked for."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
