"""A very small MPNet with chance weights and a tokenizer of a few words, for tests of what is made from an encoder.

Needs the extra `train`: import it after a check for torch and transformers.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers

from bot.training.encoder import LabelledPair, PairEncoder

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]"]
WORDS = ["norland", "sends", "no", "tanks", "some", "grain", "minister", "will", "never", "today"]
VOCABULARY = [*SPECIAL, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "tank", "##s"]
PAIRS = [("norland sends no tanks", f"minister will {'never ' * (n % 3)}send {word}") for n, word in enumerate(WORDS)]
ROWS = [
    LabelledPair(head="relation", claim=claim, evidence=evidence, allowed=(0,), among=tuple(range(6)))
    for claim, evidence in PAIRS
]


def tokenizer(path: Path) -> Path:
    """Write tokenizer.json into a folder and return its path."""
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


def reader(file: Path) -> transformers.PreTrainedTokenizerFast:
    """Return the tokenizer as training reads with it."""
    return transformers.PreTrainedTokenizerFast(tokenizer_file=str(file), pad_token="<pad>")


def small_encoder() -> PairEncoder:
    """Return the encoder, the same at each call."""
    torch.manual_seed(0)
    config = transformers.MPNetConfig(
        vocab_size=len(dict.fromkeys(VOCABULARY)),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
    )
    return PairEncoder(transformers.MPNetModel(config, add_pooling_layer=False), 64)
