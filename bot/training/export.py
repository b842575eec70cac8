"""From torch to ONNX: export, dynamic int8, and the check that nothing was lost on the way.

Needs the extra `train`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers import AutoModel, AutoTokenizer


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


def export(model: nn.Module, tokenizer_file: Path, out: Path, *, outputs: list[str]) -> None:
    """Write `out/model.onnx` (int8), `out/model.fp32.onnx` and `out/tokenizer.json`.

    The embedding table is quantized with the matrices: it is most of a small model's weight.
    """
    out.mkdir(parents=True, exist_ok=True)
    model.eval()
    example = (torch.ones((2, 16), dtype=torch.int64), torch.ones((2, 16), dtype=torch.int64))
    axes = {name: {0: "n", 1: "tokens"} for name in ("input_ids", "attention_mask")} | {
        name: {0: "n"} for name in outputs
    }
    full = out / "model.fp32.onnx"
    torch.onnx.export(
        model,
        example,
        str(full),
        input_names=["input_ids", "attention_mask"],
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    model.eval()  # the exporter can leave the wrapped module in training mode
    onnx.checker.check_model(str(full))
    quantize_dynamic(
        str(full), str(out / "model.onnx"), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
    )
    shutil.copy(tokenizer_file, out / "tokenizer.json")


def export_topics(weights: Path, out: Path) -> None:
    """Export the public sentence encoder at `weights` as the topic model."""
    trunk = AutoModel.from_pretrained(weights, add_pooling_layer=False, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(weights)
    tokenizer.save_pretrained(out / "saved")
    export(MeanPooled(trunk), out / "saved" / "tokenizer.json", out, outputs=["vector"])
    shutil.rmtree(out / "saved")


def agreement(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the share of rows whose best relation is the same, in [0, 1], of two (n, 9) logit matrices."""
    return float((one[:, 3:].argmax(axis=1) == other[:, 3:].argmax(axis=1)).mean())
