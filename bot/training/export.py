"""From torch to ONNX: the vocabulary cut to what is needed, weights in blocks of few bits, and a check of what that cost.

Needs the extra `train`. What is made needs `onnxruntime` and `tokenizers` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel, AutoTokenizer

from bot.training.quantize import Inputs, quantize_embeddings, quantize_matrices
from bot.training.vocabulary import Vocabulary, trimmed, whole

_LAYER = re.compile(r"layer\.(\d+)/")
FULL = "model.fp32.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecipe:
    """How much of a model is kept.

    Args:
        bits: 4 or 8, of the weights of the layers below `upper_from`.
        upper_bits: Of the layers from `upper_from` on, and of the heads.
        upper_from: The first layer that keeps `upper_bits`.
        frequent: How many tokens are kept from the start of the vocabulary, beside those seen; 0 keeps all of it.
    """

    bits: int = 8
    upper_bits: int = 8
    upper_from: int = 0
    frequent: int = 0


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
    recipe: ExportRecipe | None = None,
    seen: Sequence[str] = (),
    calibration: Sequence[tuple[str, str]] = (),
) -> None:
    """Write `out/model.onnx` (quantised), `out/model.fp32.onnx` and `out/tokenizer.json` of a model with a `trunk`.

    Args:
        model: Takes ids and mask, gives as many tensors as there are `outputs`.
        tokenizer_file: The tokenizer.json that it was trained with.
        out: The folder, made where it is missing.
        outputs: Names of the outputs.
        recipe: How much is kept; 8 bits and the whole vocabulary by default.
        seen: Texts whose tokens all stay in the vocabulary.
        calibration: Pairs of texts over which the layers' inputs are measured; 4 bits need them, some 128 do.
    """
    recipe = recipe or ExportRecipe()
    out.mkdir(parents=True, exist_ok=True)
    model.eval()
    text = tokenizer_file.read_text(encoding="utf-8")
    vocabulary = trimmed(text, seen=seen, frequent=recipe.frequent) if recipe.frequent else whole(text)
    (out / "tokenizer.json").write_text(vocabulary.tokenizer, encoding="utf-8")
    with _cut(model, vocabulary):
        measured = _measured(model, vocabulary, calibration)
        _export_full(model, out / FULL, outputs)
    made = onnx.load(str(out / FULL))
    quantize_matrices(made, lambda name: _bits(name, recipe), measured)
    quantize_embeddings(made)
    onnx.save(made, str(out / "model.onnx"))


def export_topics(weights: Path, out: Path, *, recipe: ExportRecipe | None = None, seen: Sequence[str] = ()) -> None:
    """Export the public sentence encoder at `weights` as the topic model."""
    trunk = AutoModel.from_pretrained(weights, add_pooling_layer=False, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(weights)
    tokenizer.save_pretrained(out / "saved")
    export(MeanPooled(trunk), out / "saved" / "tokenizer.json", out, outputs=["vector"], recipe=recipe, seen=seen)
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


def _bits(node: str, recipe: ExportRecipe) -> int:
    """Return how many bits the weights of a node keep, by the layer that its name says."""
    layer = _LAYER.search(node)
    return recipe.bits if layer and int(layer[1]) < recipe.upper_from else recipe.upper_bits


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


@torch.no_grad()
def _measured(model: nn.Module, vocabulary: Vocabulary, texts: Sequence[tuple[str, str]]) -> Mapping[str, Inputs]:
    """Return what goes into each linear layer over `texts`, by its name; one entry for layers that share an input."""
    sums: dict[str, torch.Tensor] = {}
    most: dict[str, torch.Tensor] = {}
    tokens = 0
    last: list[tuple[int, tuple[int, ...]]] = [(0, ())]

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            seen = (inputs[0].data_ptr(), tuple(inputs[0].shape))
            if seen == last[0] and name not in sums:
                return
            last[0] = seen
            values = inputs[0].detach().flatten(0, -2)
            product, largest = values.T @ values, values.abs().amax(dim=0)
            sums[name] = sums[name] + product if name in sums else product
            most[name] = torch.maximum(most[name], largest) if name in most else largest

        return hook

    linear = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    hooks = [module.register_forward_pre_hook(watch(name)) for name, module in linear]
    tokenizer = Tokenizer.from_str(vocabulary.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(192)
    for text in texts:
        ids = torch.tensor([tokenizer.encode(*text).ids])
        tokens += ids.numel()
        model(ids, torch.ones_like(ids))
    for hook in hooks:
        hook.remove()
    return {name: Inputs(hessian=(total / tokens).numpy(), most=most[name].numpy()) for name, total in sums.items()}
