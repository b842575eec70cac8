"""An export of a very small MPNet with chance weights, read back as the bot reads its encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

from tokenizers import Tokenizer  # noqa: E402 - torch may be missing

from bot.detection.onnx import CrossEncoder  # noqa: E402 - after the check for the extra
from bot.training.encoder import PairEncoder  # noqa: E402 - after the check for the extra
from bot.training.export import FULL, agreement, export  # noqa: E402 - after the check for the extra
from bot.training.rounding import grids_of, on_grids  # noqa: E402 - after the check for the extra
from tests.small_encoder import PAIRS, ROWS, VOCABULARY, reader, small_encoder, tokenizer  # noqa: E402 - the same

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter, in many ways


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PairEncoder, Path]:
    model, folder = small_encoder(), tmp_path_factory.mktemp("export")
    words = tokenizer(folder)
    found = grids_of(model, reader(words), ROWS, 32)
    grids = {name: grid for name, grid in found.items() if "layer.0." in name}
    with on_grids(model, grids):
        pass  # to leave them is to round the weights
    export(
        model,
        words,
        folder / "out",
        outputs=["nli", "relation"],
        frequent=8,
        seen=[text for pair in PAIRS for text in pair],
        grids=grids,
    )
    return model, folder / "out"


def logits(model: PairEncoder, file: Path) -> np.ndarray:
    reader = Tokenizer.from_file(str(file))
    rows = []
    for pair in PAIRS:
        ids = torch.tensor([reader.encode(*pair).ids])
        with torch.no_grad():
            rows.append(torch.cat(model(ids, torch.ones_like(ids)), dim=1)[0].numpy())
    return np.stack(rows)


def test_what_is_served_is_near_what_was_trained(made: tuple[PairEncoder, Path]) -> None:
    model, out = made
    found = agreement(logits(model, out.parent / "tokenizer.json"), CrossEncoder(out, threads=1).score(PAIRS))
    assert found.pairs == len(PAIRS)
    assert found.largest < 0.08
    assert found.mean < 0.02


def test_the_model_that_was_exported_is_left_as_it_was(made: tuple[PairEncoder, Path]) -> None:
    model, _ = made
    assert model.trunk.get_input_embeddings().weight.shape == (len(dict.fromkeys(VOCABULARY)), 64)
    assert not model.training


def test_words_that_nobody_wrote_are_gone_from_the_vocabulary_and_the_table(made: tuple[PairEncoder, Path]) -> None:
    _, out = made
    kept = Tokenizer.from_file(str(out / "tokenizer.json")).get_vocab()
    assert "tank" not in kept
    assert {"tanks", "a", "##a", "<pad>"} <= set(kept)


def test_the_served_file_is_much_smaller_than_the_full_one(made: tuple[PairEncoder, Path]) -> None:
    _, out = made
    assert (out / "model.onnx").stat().st_size < 0.75 * (out / FULL).stat().st_size


def test_agreement_counts_decisions_and_measures_the_gaps() -> None:
    one = np.zeros((2, 9))
    one[:, 3] = 5.0
    other = one.copy()
    other[1, 4] = 9.0
    found = agreement(one, other)
    assert (found.pairs, found.decisions) == (2, 0.5)
    assert 0.9 < found.largest < 1.0
