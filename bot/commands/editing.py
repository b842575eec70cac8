"""What commands may write into: the desk's own files, never those inside an installed package."""

from __future__ import annotations

from pathlib import Path

from bot.config import Settings
from bot.errors import InputError


def editable(settings: Settings, name: str) -> Path:
    """Return the configured file `name`; InputError where it is the package's own, which its next update replaces."""
    folder = settings.config_path
    if settings.config_dir is None and folder.parent.name == "_shipped":
        raise InputError(
            f"{folder / name}: is part of the installed package. Copy the folder and name the copy: "
            f"cp -r {folder} walkback-config && export WALKBACK_CONFIG_DIR=$PWD/walkback-config"
        )
    return folder / name
