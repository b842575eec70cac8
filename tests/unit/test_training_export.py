"""An export of a very small MPNet with chance weights, read back as the bot reads its encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

from tokenizers import Tokenizer  # noqa: E402 - torch may be missing

from bot.detection.onnx import CrossEncoder  # noqa: E402 - after the check for the extra
from bot.training.encoder import PairEncoder  # noqa: E402 - after the check for the extra
from bot.training.export import FULL, ExportRecipe, agreement, export  # noqa: E402 - after the check for the extra

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter, in many ways

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]"]
WORDS = ["norland", "sends", "no", "tanks", "some", "grain", "minister", "will", "never", "today"]
VOCABULARY = [*SPECIAL, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "tank", "##s"]
PAIRS = [("norland sends no tanks", f"minister will {'never ' * (n % 3)}send {word}") for n, word in enumerate(WORDS)]


def tokenizer(path: Path) -> Path:
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys(VOCABULARY))}
    added = [
        {"id": vocabulary[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for token in SPECIAL
    ]  # fmt: skip
    made = {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                           "trim_offsets": True, "add_prefix_space": False},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary},
    }  # fmt: skip
    (path / "tokenizer.json").write_text(json.dumps(made))
    return path / "tokenizer.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PairEncoder, Path]:
    torch.manual_seed(0)
    config = transformers.MPNetConfig(
        vocab_size=len(dict.fromkeys(VOCABULARY)),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
    )
    model = PairEncoder(transformers.MPNetModel(config, add_pooling_layer=False), 64)
    folder = tmp_path_factory.mktemp("export")
    recipe = ExportRecipe(bits=4, upper_bits=8, upper_from=1, frequent=8)
    export(
        model,
        tokenizer(folder),
        folder / "out",
        outputs=["nli", "relation"],
        recipe=recipe,
        seen=[text for pair in PAIRS for text in pair],
        calibration=PAIRS,
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
