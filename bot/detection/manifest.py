"""The manifest of `models/`: which artefacts there are, with their hashes, and what they were made with and for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.core.features import FEATURE_NAMES
from bot.errors import ModelError

MANIFEST = "manifest.json"
CLASSIFIER_FILE = "classifier.npz"
FORMAT = 2
ADVICE = "Restore models/ from the release, or rebuild the classifier with `walkback train`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What stands in manifest.json. `artefacts` maps a path below the folder to its SHA-256 in hexadecimal."""

    name: str
    artefacts: Mapping[str, str]
    features: tuple[str, ...]
    scikit_learn: str
    """The version that fitted the classifier; serving needs none."""
    trained_on: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    forced: str = ""
    """Why an artefact that scored below its predecessor was let in, "" where none was."""
    format: int = FORMAT


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of `folder`, or raise ModelError naming the file and what to do."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**raw | {"features": tuple(raw["features"])})
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no trained model here. {ADVICE}") from None
    except (OSError, ValueError, TypeError, KeyError) as fault:
        raise ModelError(f"{path}: the manifest cannot be read ({fault}). {ADVICE}") from fault
    if manifest.format != FORMAT:
        raise ModelError(f"{path}: format {manifest.format} is not format {FORMAT}, which this version reads. {ADVICE}")
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise ModelError unless every artefact stands as recorded and was made for this code."""
    for name, recorded in manifest.artefacts.items():
        path = folder / name
        if not path.exists():
            raise ModelError(f"{path}: this artefact is missing. {ADVICE}")
        if file_hash(path) != recorded:
            raise ModelError(f"{path}: its hash is not the one in {MANIFEST}. {ADVICE}")
    if manifest.features != FEATURE_NAMES:
        raise ModelError(f"{folder}: the classifier was trained on other features than this version computes. {ADVICE}")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into `folder`, whole or not at all."""
    part = folder / (MANIFEST + ".part")
    part.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)
