"""The app's manifest asks for what the code uses, and for nothing else."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from bot.slack.check import SCOPES


def test_the_manifest_asks_for_the_scopes_that_doctor_checks_and_no_others(root: Path) -> None:
    manifest = YAML(typ="safe").load((root / "config" / "slack-manifest.yaml").read_text(encoding="utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert "user" not in manifest["oauth_config"]["scopes"]
    assert len(manifest["display_information"]["description"]) <= 140


def test_the_guide_names_every_scope_and_has_under_ten_steps(root: Path) -> None:
    guide = (root / "docs" / "slack.md").read_text(encoding="utf-8")
    assert all(f"`{scope}`" in guide for scope in SCOPES)
    assert "\n9. " in guide
    assert "\n10. " not in guide
