"""The whole of `walkback train --encoder` over a very small encoder: three stages, the export, its check, and a second call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

from bot.config import shipped_path  # noqa: E402 - after the check for the extra
from bot.core.features import Pair  # noqa: E402 - the same
from bot.detection.onnx import CrossEncoder  # noqa: E402 - the same
from bot.domain import Relation  # noqa: E402 - the same
from bot.errors import InputError  # noqa: E402 - the same
from bot.training import encoder_run  # noqa: E402 - the same
from bot.training.data import CLASSIFIER, ENCODER, Row  # noqa: E402 - the same
from bot.training.encoder_run import THIRD_STAGE, EncoderRun, train_encoder  # noqa: E402 - the same
from tests.small_encoder import PAIRS, WORDS, reader, small_encoder, tokenizer  # noqa: E402 - the same

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter, in many ways

SHORT = replace(THIRD_STAGE, max_pairs=16, batch=4, max_tokens=32)


def rows() -> list[Row]:
    return [
        Row(
            id=f"{split}-{n}",
            pair=Pair(
                holder="norland", topic=f"tanks {WORDS[n]}", position="norland sends no tanks", statement=PAIRS[n][1]
            ),
            relation=list(Relation)[n % 6],
            group=f"{split}-{n % 5}",
            split=split,
        )
        for split in (ENCODER, CLASSIFIER)
        for n in range(10)
    ]


@pytest.fixture
def run(tmp_path: Path) -> EncoderRun:
    weights = tmp_path / "weights"
    weights.mkdir()
    reader(tokenizer(weights)).save_pretrained(weights)
    small_encoder().trunk.save_pretrained(weights)
    stages = {"first": SHORT, "second": SHORT, "third": SHORT}
    return EncoderRun(
        weights=weights,
        out=tmp_path / "run",
        public=None,
        topics=shipped_path("models") / "topics",
        averaged=2,
        frequent=8,
        device="cpu",
        **stages,
    )


def weights_in(run: EncoderRun, stage: str) -> dict[str, torch.Tensor]:
    return torch.load(run.out / stage / "model.pt", weights_only=True)


def test_it_ends_with_an_encoder_that_judges_as_its_rounded_weights_do_and_is_not_made_twice(run, monkeypatch) -> None:
    monkeypatch.setattr(encoder_run, "SMALLEST_AGREEMENT", 0.0)  # chance weights hardly decide anything
    figures = train_encoder(run, rows(), threads=1)
    assert figures["pairs"] == 10
    assert figures["mean"] < 0.02
    assert CrossEncoder(run.out / "encoder", threads=1).score(PAIRS).shape == (len(PAIRS), 9)
    mean, rounded = weights_in(run, "relations"), weights_in(run, "rounded")
    assert mean.keys() == rounded.keys()
    assert float((mean["dense.weight"] - rounded["dense.weight"]).abs().max()) > 1e-4
    train_encoder(run, rows(), threads=1)
    again = weights_in(run, "rounded")
    assert max(float((rounded[name] - again[name]).abs().max()) for name in rounded) < 1e-6


def test_an_export_that_judges_otherwise_is_refused(run, monkeypatch) -> None:
    monkeypatch.setattr(encoder_run, "SMALLEST_AGREEMENT", 1.1)
    with pytest.raises(InputError, match="agrees with torch on"):
        train_encoder(run, rows(), threads=1)
