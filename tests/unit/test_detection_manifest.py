from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bot.core.features import FEATURE_NAMES
from bot.detection.manifest import Manifest, file_hash, read_manifest, verify, write_manifest
from bot.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(b"artefact")
    manifest = Manifest(
        name="test",
        artefacts={"a.bin": file_hash(tmp_path / "a.bin")},
        features=FEATURE_NAMES,
        scikit_learn="1.9.1",
    )
    write_manifest(tmp_path, manifest)
    return tmp_path


def test_what_was_written_is_read_and_verified(folder: Path) -> None:
    verify(folder, read_manifest(folder))


def test_an_altered_artefact_is_refused(folder: Path) -> None:
    (folder / "a.bin").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"a\.bin.*hash"):
        verify(folder, read_manifest(folder))


def test_a_missing_artefact_is_refused(folder: Path) -> None:
    (folder / "a.bin").unlink()
    with pytest.raises(ModelError, match=r"a\.bin.*missing"):
        verify(folder, read_manifest(folder))


def test_another_feature_list_is_refused(folder: Path) -> None:
    manifest = dataclasses.replace(read_manifest(folder), features=("other",))
    with pytest.raises(ModelError, match="other features"):
        verify(folder, manifest)


def test_a_folder_without_a_manifest_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="walkback train"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"name": 1}', "\x00"])
def test_a_broken_manifest_is_a_model_fault(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match="cannot be read"):
        read_manifest(folder)


def test_another_format_is_refused(folder: Path) -> None:
    raw = json.loads((folder / "manifest.json").read_text()) | {"format": 99}
    (folder / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="format 99"):
        read_manifest(folder)
