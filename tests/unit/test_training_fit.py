"""The guard over new artefacts, with features made up: no model is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bot.core.features import FEATURE_NAMES, Pair
from bot.detection.manifest import read_manifest, write_manifest
from bot.domain import Relation
from bot.errors import ModelError
from bot.training.data import CLASSIFIER, TEST, Row
from bot.training.fit import ARTEFACTS, CORPUS_WEIGHT, DESK_WEIGHT, frozen_hash, install, spread, taught, train

RELATIONS = list(Relation)


class Telling:
    """Features that tell the relation, which the statement's number says, as well as `clarity` allows."""

    def __init__(self, clarity: float) -> None:
        self.clarity = clarity

    def features(self, pairs):
        made = np.random.default_rng(0).normal(size=(len(pairs), len(FEATURE_NAMES)))
        for row, pair in zip(made, pairs, strict=True):
            row[int(pair.statement) % 6] += self.clarity
        return made


def rows(split: str, count: int = 120) -> list[Row]:
    made = []
    for number in range(count):
        pair = Pair(holder="Norland", topic="tanks", position="none", statement=str(number))
        made.append(
            Row(id=f"{split}{number}", pair=pair, relation=RELATIONS[number % 6], group=f"g{number // 6}", split=split)
        )
    return made


PAIRS = [*rows(CLASSIFIER), *rows(TEST)]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ARTEFACTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    install(train(Telling(4.0), tmp_path, PAIRS, [], threshold=0.5), tmp_path, name="standing", forced=False)
    return tmp_path


def test_the_first_artefact_is_let_in_and_its_manifest_says_on_which_rows_it_was_measured(models: Path) -> None:
    manifest = read_manifest(models)
    assert (manifest.name, manifest.forced) == ("standing", "")
    assert manifest.figures["frozen_set"] == frozen_hash(rows(TEST))
    assert manifest.trained_on == {"pairs": 120}


def test_a_worse_one_is_refused_with_both_figures_and_nothing_is_written(models: Path) -> None:
    before = {path: path.read_bytes() for path in models.rglob("*") if path.is_file()}
    worse = train(Telling(0.2), models, PAIRS, [], threshold=0.5, before=Telling(4.0))
    assert worse.standing is not None
    with pytest.raises(ModelError, match=r"alert F1 on the frozen set is 0\.\d+, below the standing (0\.9|1\.0)"):
        install(worse, models, name="new", forced=False)
    assert {path: path.read_bytes() for path in models.rglob("*") if path.is_file()} == before


def test_force_lets_it_in_and_the_manifest_remembers_why_it_was_refused(models: Path) -> None:
    worse = train(Telling(0.2), models, PAIRS, [], threshold=0.5, before=Telling(4.0))
    install(worse, models, name="new", forced=True)
    assert "below the standing" in read_manifest(models).forced


def test_as_good_a_one_is_let_in(models: Path) -> None:
    again = train(Telling(4.0), models, PAIRS, [], threshold=0.5)
    assert again.refused == ""
    assert install(again, models, name="again", forced=False).name == "again"


def test_an_encoder_that_was_swapped_by_hand_is_measured_against_the_figures_on_record(models: Path) -> None:
    (models / "encoder" / "model.onnx").write_bytes(b"another")
    swapped = train(Telling(0.2), models, PAIRS, [], threshold=0.5)
    assert swapped.standing is None
    assert "below the standing" in swapped.refused


def test_figures_taken_on_another_frozen_set_are_no_bar(models: Path) -> None:
    manifest = read_manifest(models)
    write_manifest(models, replace(manifest, figures=dict(manifest.figures) | {"frozen_set": "other"}))
    (models / "encoder" / "model.onnx").write_bytes(b"another")
    assert train(Telling(0.2), models, PAIRS, [], threshold=0.5).refused == ""


def test_an_encoder_goes_in_with_its_classifier(models: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported = tmp_path_factory.mktemp("exported")
    for name in ("model.onnx", "tokenizer.json"):
        (exported / name).write_bytes(b"new")
    trained = train(Telling(4.0), models, PAIRS, [], threshold=0.5)
    manifest = install(trained, models, name="new", forced=False, replaced={"encoder": exported})
    assert (models / "encoder" / "model.onnx").read_bytes() == b"new"
    assert manifest.artefacts == read_manifest(models).artefacts


def test_a_frozen_set_with_another_label_is_another_set() -> None:
    changed = [replace(PAIRS[-1], relation=Relation.UNRELATED), *rows(TEST)[:-1]]
    assert frozen_hash(changed) != frozen_hash(rows(TEST)) == frozen_hash(rows(TEST)[::-1])


def test_the_corpus_counts_less_and_other_splits_not_at_all() -> None:
    corpus = [replace(row, family="corpus") for row in rows("", 2)]
    learnt, weights = taught(PAIRS, corpus)
    assert len(learnt) == 122
    assert set(weights[:120]) == {1.0}
    assert set(weights[120:]) == {CORPUS_WEIGHT}


def test_what_the_desk_judged_counts_more_by_its_own_weight_and_what_is_held_out_not_at_all() -> None:
    judged = [SimpleNamespace(row=row, weight=0.5, held_out=row.split == TEST) for row in (PAIRS[0], rows(TEST)[0])]
    learnt, weights = taught(PAIRS, (), judged)
    assert (learnt[-1], len(learnt), weights[-1]) == (PAIRS[0], 121, 0.5 * DESK_WEIGHT)


def test_drawings_of_the_rows_differ_and_are_the_same_every_time() -> None:
    one, two = (spread(Telling(1.0), PAIRS, [], threshold=0.5, seeds=3) for _ in range(2))
    assert [found.macro_f1 for found in one] == [found.macro_f1 for found in two]
    assert len({found.macro_f1 for found in one}) > 1
