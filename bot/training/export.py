"""From torch to ONNX: the vocabulary cut to what is needed, weights as small integers, and a check of what that cost.

Needs the extra `train`. What is made needs `onnxruntime` and `tokenizers` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import AutoModel, AutoTokenizer

from bot.training.quantize import Grid, quantize_embeddings, quantize_matrices
from bot.training.vocabulary import Vocabulary, trimmed, whole

FULL = "model.fp32.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far an export judges as the trained model does, over `pairs`."""

    pairs: int
    decisions: float
    """Share of pairs whose likeliest relation is the same, in [0, 1]."""
    largest: float
    """The largest difference of a relation's probability."""
    mean: float


class MeanPooled(nn.Module):
    """A sentence encoder: the mean of the last hidden states, at unit length."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return unit vectors (n, width) for ids and mask of shape (n, tokens)."""
        hidden = self.trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def export(
    model: nn.Module,
    tokenizer_file: Path,
    out: Path,
    *,
    outputs: Sequence[str],
    frequent: int = 0,
    seen: Sequence[str] = (),
    grids: Mapping[str, Grid] | None = None,
) -> None:
    """Write `out/model.onnx` (quantised), `out/model.fp32.onnx` and `out/tokenizer.json` of a model with a `trunk`.

    Args:
        model: Takes ids and mask, gives as many tensors as there are `outputs`.
        tokenizer_file: The tokenizer.json that it was trained with.
        out: The folder, made where it is missing.
        outputs: Names of the outputs.
        frequent: How many tokens are kept from the start of the vocabulary, beside those seen; 0 keeps all of it.
        seen: Texts of which the vocabulary keeps the tokens, as in `trimmed`.
        grids: Of the layers whose weights lie on one, by name: they take 4 bits, all others 8.
    """
    out.mkdir(parents=True, exist_ok=True)
    model.eval()
    text = tokenizer_file.read_text(encoding="utf-8")
    vocabulary = trimmed(text, seen=seen, frequent=frequent) if frequent else whole(text)
    (out / "tokenizer.json").write_text(vocabulary.tokenizer, encoding="utf-8")
    with _cut(model, vocabulary):
        _export_full(model, out / FULL, outputs)
    made = onnx.load(str(out / FULL))
    quantize_matrices(made, grids)
    quantize_embeddings(made)
    onnx.save(made, str(out / "model.onnx"))


def export_topics(weights: Path, out: Path, *, frequent: int = 0, seen: Sequence[str] = ()) -> None:
    """Export the public sentence encoder at `weights` as the topic model."""
    trunk = AutoModel.from_pretrained(weights, add_pooling_layer=False, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(weights)
    tokenizer.save_pretrained(out / "saved")
    export(MeanPooled(trunk), out / "saved" / "tokenizer.json", out, outputs=["vector"], frequent=frequent, seen=seen)
    for path in (out / "saved").iterdir():
        path.unlink()
    (out / "saved").rmdir()
    (out / FULL).unlink()


def agreement(one: NDArray[np.floating], other: NDArray[np.floating]) -> Agreement:
    """Compare the relations of two (n, 9) logit matrices."""
    first, second = _probabilities(one[:, 3:]), _probabilities(other[:, 3:])
    gaps = np.abs(first - second)
    return Agreement(
        pairs=len(one),
        decisions=float((first.argmax(axis=1) == second.argmax(axis=1)).mean()),
        largest=float(gaps.max()),
        mean=float(gaps.mean()),
    )


def _probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    raised = np.exp(np.asarray(logits, dtype=np.float64) - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result


@contextmanager
def _cut(model: Any, vocabulary: Vocabulary) -> Iterator[None]:
    """Lend the model an embedding table with only the kept tokens."""
    table = model.trunk.get_input_embeddings()
    before = table.weight
    table.weight = nn.Parameter(before.detach()[list(vocabulary.kept)].clone(), requires_grad=False)
    try:
        yield
    finally:
        table.weight = before


def _export_full(model: nn.Module, path: Path, outputs: Sequence[str]) -> None:
    example = (torch.full((2, 16), 5, dtype=torch.int64), torch.ones((2, 16), dtype=torch.int64))
    axes = {name: {0: "n", 1: "tokens"} for name in ("input_ids", "attention_mask")} | {
        name: {0: "n"} for name in outputs
    }
    torch.onnx.export(
        model,
        example,
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=18,
        dynamo=False,
    )
    model.eval()  # the exporter can leave the wrapped module in training mode
    onnx.checker.check_model(str(path))
