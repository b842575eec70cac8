"""What a trained detector is called, with features made up: no model is loaded."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bot.commands.training import model_name
from bot.core.features import FEATURE_NAMES, Pair
from bot.domain import Relation
from bot.training.data import Row
from bot.training.fit import DESK_WEIGHT, fit_on

ROWS = [
    Row(
        id=str(number),
        pair=Pair(holder="Norland", topic="tanks", position="none", statement=str(number)),
        relation=relation,
    )
    for number, relation in enumerate(list(Relation) * 5)
]
FEATURES = np.random.default_rng(0).normal(size=(len(ROWS), len(FEATURE_NAMES)))


@pytest.fixture
def encoders(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "encoder", tmp_path / "topics"
    for folder in folders:
        folder.mkdir()
        (folder / "model.onnx").write_bytes(folder.name.encode())
    return folders


def trained(judged: Relation | None = None) -> SimpleNamespace:
    """A classifier of the same number of rows each time, of which the desk judged the last one."""
    weights, rows = np.ones(len(ROWS)), list(ROWS)
    if judged is not None:
        weights[-1] = DESK_WEIGHT
        rows[-1] = Row(id="desk", pair=rows[-1].pair, relation=judged)
    return SimpleNamespace(classifier=fit_on(FEATURES, rows, weights))


def test_the_same_rows_give_the_same_name_again(encoders: tuple[Path, Path]) -> None:
    name = model_name(trained(), *encoders)
    assert re.fullmatch(r"walkback-[0-9a-f]{8}", name)
    assert model_name(trained(), *encoders) == name


def test_a_verdict_of_the_desk_gives_another_name_with_as_many_rows(encoders: tuple[Path, Path]) -> None:
    names = {model_name(trained(judged), *encoders) for judged in (None, Relation.SOFTENING, Relation.CONSISTENT)}
    assert len(names) == 3


@pytest.mark.parametrize("place", [0, 1])
def test_another_encoder_gives_another_name(encoders: tuple[Path, Path], place: int) -> None:
    before = model_name(trained(), *encoders)
    (encoders[place] / "model.onnx").write_bytes(b"another")
    assert model_name(trained(), *encoders) != before
