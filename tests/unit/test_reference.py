"""docs/reference/ says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import reference


@pytest.mark.parametrize("name", ["commands.md", "environment.md", "configuration.md"])
def test_the_reference_is_current(root: Path, name: str) -> None:
    written = (root / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run `make reference`"


def test_every_command_option_variable_and_key_is_described() -> None:
    bare = [
        line
        for text in reference.pages().values()
        for line in text.splitlines()
        if line.startswith("| `") and not line.split("|")[2].strip()
    ]
    assert bare == []
