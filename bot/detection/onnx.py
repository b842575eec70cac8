"""The two ONNX models: the cross-encoder that compares, and the sentence encoder that finds the topic.

Both read one text a run. Integers for activations are scaled over whatever stands in a run, so that in a batch a text's figures
would move with its neighbours and with their padding; alone, the same text always gives the same figures. On a processor that
costs nothing worth having: the runs are long enough to fill it, and no padding is computed. `threads` texts are read at once, each
by one thread, which fills the processors better than many threads on one text; models may be used from several threads at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from bot.core.features import ENCODER_NAMES
from bot.detection.shelf import ready, shelf
from bot.errors import ModelError


class OnnxTexts:
    """A transformer in ONNX with its tokenizer, over texts or pairs of texts."""

    def __init__(self, folder: Path, *, max_tokens: int, threads: int = 2) -> None:
        onnxruntime = silent_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            model = ready(folder / "model.onnx", shelf())
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as fault:  # onnxruntime and tokenizers raise bare Exceptions of their own
            raise ModelError(
                f"{folder}: the model cannot be loaded ({fault}). Restore models/ from the release."
            ) from fault
        self._tokenizer.enable_truncation(max_length=max_tokens, strategy="longest_first")
        self._tokenizer.no_padding()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encoder") if threads > 1 else None

    def run(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return the model's outputs side by side, one row a text, in the order given; shape (0, 0) for no texts."""
        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        distinct: list[Any] = list(dict.fromkeys(texts))
        encoded = self._tokenizer.encode_batch(distinct)
        side_by_side = self._threads.map if self._threads is not None and len(distinct) > 1 else map
        known = dict(zip(distinct, side_by_side(self._row, encoded), strict=True))
        return np.stack([known[text] for text in texts])

    def _row(self, encoded: Encoding) -> NDArray[np.float32]:
        ids = np.array([encoded.ids], dtype=np.int64)
        outputs = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        row: NDArray[np.float32] = np.concatenate(outputs, axis=1)[0]
        return row


def silent_runtime() -> Any:
    """Return onnxruntime, kept from reporting its use to its maker: it looks for the variable when it is first imported."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


class CrossEncoder:
    """`ports.PairScorer` over the fine-tuned encoder: three NLI logits and six relation logits a pair."""

    def __init__(self, folder: Path, *, threads: int = 2, max_tokens: int = 192) -> None:
        self._texts = OnnxTexts(folder, max_tokens=max_tokens, threads=threads)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of `score`."""
        return ENCODER_NAMES

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return logits of shape (pairs, 9)."""
        logits = self._texts.run(pairs)
        if len(pairs) and logits.shape[1] != len(ENCODER_NAMES):
            raise ModelError(f"the encoder gives {logits.shape[1]} outputs where {len(ENCODER_NAMES)} are expected.")
        return logits


class SentenceEncoder:
    """`ports.Embedder`: unit vectors of sentences and topics."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        self._texts = OnnxTexts(folder, max_tokens=96, threads=threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (texts, width)."""
        return self._texts.run(texts)
