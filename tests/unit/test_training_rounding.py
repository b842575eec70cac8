"""An encoder that learns to judge with rounded weights; what it ends with is what is served."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

from torch import nn  # noqa: E402 - torch may be missing

from bot.detection.onnx import CrossEncoder  # noqa: E402 - after the check for the extra
from bot.training.encoder import Recipe, logits_of  # noqa: E402 - the same
from bot.training.encoder_stage import train_stage  # noqa: E402 - the same
from bot.training.export import agreement, export  # noqa: E402 - the same
from bot.training.quantize import quantized  # noqa: E402 - the same
from bot.training.rounding import answers_of, grids_of, on_grids, without_dropout  # noqa: E402 - the same
from tests.small_encoder import PAIRS, ROWS, reader, small_encoder, tokenizer  # noqa: E402 - the same

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter, in many ways

RECIPE = Recipe(layers=2, batch=5, max_pairs=600, max_tokens=32, trunk_lr=1e-3, head_lr=1e-3)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return tokenizer(tmp_path)


def gap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def test_every_linear_layer_has_a_grid_and_those_that_read_one_input_are_evened_alike(words) -> None:
    model = small_encoder()
    grids = grids_of(model, reader(words), ROWS, 32)
    assert set(grids) == {name for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    q, k, out = (grids[f"trunk.encoder.layer.0.attention.attn.{part}"] for part in "qko")
    np.testing.assert_array_equal(q.even, k.even)
    assert not np.array_equal(q.even, out.even)


def test_within_it_computes_with_rounded_weights_and_afterwards_has_them(words) -> None:
    model, before = small_encoder(), small_encoder()
    read = reader(words)
    grids = grids_of(model, read, ROWS, 32)
    exact = logits_of(model, read, ROWS, 32)
    with on_grids(model, grids):
        within = logits_of(model, read, ROWS, 32)
    after = logits_of(model, read, ROWS, 32)
    assert gap(within, exact) > 1e-4
    assert 1e-7 < gap(after, within) < gap(exact, within)  # the inputs are rounded no more
    name = "trunk.encoder.layer.1.intermediate.dense"
    weight = model.get_submodule(name).weight.detach().numpy().T
    assert sorted(model.state_dict()) == sorted(before.state_dict())
    evened = weight * grids[name].even[:, None]
    np.testing.assert_allclose(quantized(evened, grids[name]).restored(), evened, atol=1e-6)


def test_it_learns_to_answer_as_it_did_and_is_served_as_it_was_trained(words, tmp_path) -> None:
    model, read = small_encoder(), reader(words)
    with torch.no_grad():
        model.relation.weight.mul_(40.0)  # chance weights hardly tell one pair from another
    exact = logits_of(model, read, ROWS, 32)
    grids = grids_of(model, read, ROWS, 32)
    as_before = answers_of(deepcopy(model), read, 32)
    with without_dropout(model), on_grids(model, grids):
        rounded = logits_of(model, read, ROWS, 32)
        train_stage(model, read, ROWS, RECIPE, as_before, out=tmp_path / "stage", develop=lambda _: {})
        taught = logits_of(model, read, ROWS, 32)
    assert agreement(exact, taught).mean < 0.5 * agreement(exact, rounded).mean
    export(model, words, tmp_path / "out", outputs=["nli", "relation"], grids=grids)
    served = CrossEncoder(tmp_path / "out", threads=1).score(PAIRS)
    assert agreement(taught, served).mean < 0.02
    assert agreement(exact, served).mean < 0.7 * agreement(exact, rounded).mean


def test_an_answer_is_learnt_by_both_heads(words) -> None:
    teacher = small_encoder()
    loss = answers_of(teacher, reader(words), 32)
    answers = torch.from_numpy(logits_of(teacher, reader(words), ROWS, 32))
    nli, relation = 9.0 * answers[:, :3], 9.0 * answers[:, 3:]
    with torch.no_grad():
        for layer in (teacher.nli, teacher.relation):  # chance weights hardly tell one label from another
            layer.weight.mul_(9.0)
            layer.bias.mul_(9.0)
    assert float(loss(ROWS, nli, relation)) == pytest.approx(0.0, abs=1e-6)
    assert float(loss(ROWS, nli + 7.0, relation)) == pytest.approx(0.0, abs=1e-5)
    for other in ((torch.zeros_like(nli), relation), (nli, torch.zeros_like(relation))):
        assert float(loss(ROWS, *other)) > 0.05


def test_chance_is_left_out_only_for_a_while() -> None:
    model = small_encoder()
    parts = [part for part in model.modules() if isinstance(part, nn.Dropout)]
    before = [part.p for part in parts]
    with without_dropout(model):
        assert not any(part.p for part in parts)
    assert [part.p for part in parts] == before
    assert any(before)
