"""Fine-tuning of the cross-encoder: MPNet's lower layers, two heads, two stages.

The encoder reads a claim (the position on record) against evidence (a statement). It has two heads over one trunk: `nli`
(entailment, neutral, contradiction), taught on public sentence pairs, and `relation` (the six of the annotation guide),
taught on stance pairs. Stage one teaches the first head; stage two both, so that what was learnt about entailment is kept
(`encoder_stage`).

Needs the extra `train` (torch, transformers). The trunk starts from all-mpnet-base-v2 (Song et al. 2020, arXiv:2004.09297;
Apache-2.0), cut to its first layers: Sajjad et al. 2023 (arXiv:2004.03844) show that the upper ones are cheap to lose.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from bot.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NLI_LABELS = ("entailment", "neutral", "contradiction")
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPair:
    """One training row.

    `allowed` are the labels that count as right and `among` those the choice is between, as indices of the head's labels:
    a row labelled only "not entailment" allows two of three, a row labelled "favor or against" chooses among two.
    """

    head: str
    claim: str
    evidence: str
    allowed: tuple[int, ...]
    among: tuple[int, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a stage trains. `max_pairs` ends it; `budget_s` ends it earlier, with the learning rate decayed to match."""

    layers: int = 8
    frozen_layers: int = 3
    max_tokens: int = 96
    batch: int = 32
    trunk_lr: float = 6e-5
    head_lr: float = 5e-4
    layer_decay: float = 1.0
    """By what a layer's learning rate is multiplied for each trained layer above it (Howard & Ruder 2018, arXiv:1801.06146)."""
    warmup: float = 0.05
    max_pairs: int = 120_000
    budget_s: float = 1e9
    seed: int = 0


class PairEncoder(nn.Module):
    """A truncated transformer with the heads `nli` (3 logits) and `relation` (6 logits) over first token and mean."""

    def __init__(self, trunk: nn.Module, width: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.trunk = trunk
        self.dense = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)
        self.nli = nn.Linear(width, len(NLI_LABELS))
        self.relation = nn.Linear(width, 6)

    @property
    def device(self) -> torch.device:
        """Where its weights lie, and where what it reads has to lie."""
        return self.dense.weight.device

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (nli, relation) logits, (n, 3) and (n, 6), for token ids and mask of shape (n, tokens)."""
        hidden = self.trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        pooled = self.dropout(torch.tanh(self.dense(torch.cat([hidden[:, 0], mean], dim=-1))))
        return self.nli(pooled), self.relation(pooled)


def device_of(wanted: str) -> torch.device:
    """Return the device called "cpu" or "cuda" (also "cuda:1"), or for "auto" a GPU where there is one; InputError where not."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise InputError(f"{wanted!r} is no device: use auto, cpu or cuda.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"torch finds no device {wanted!r} here ({torch.__version__}): use auto or cpu.")
    return device


def build(weights: Path, recipe: Recipe, *, device: torch.device = CPU) -> tuple[PairEncoder, PreTrainedTokenizerBase]:
    """Load the public trunk from `weights`, cut it to `recipe.layers` and freeze embeddings and the lowest layers.

    The heads begin with chance weights, the same ones for the same seed; they are drawn on the CPU, whatever the `device`.
    """
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    trunk = AutoModel.from_pretrained(weights, add_pooling_layer=False)
    trunk.encoder.layer = trunk.encoder.layer[: recipe.layers]
    trunk.config.num_hidden_layers = recipe.layers
    frozen = [trunk.embeddings, *trunk.encoder.layer[: recipe.frozen_layers]]
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad = False
    return PairEncoder(trunk, trunk.config.hidden_size).to(device), tokenizer


def batches(
    rows: Sequence[LabelledPair],
    tokenizer: PreTrainedTokenizerBase,
    recipe: Recipe,
    generator: random.Random,
    *,
    device: torch.device = CPU,
    skip: int = 0,
) -> Iterable[tuple[list[LabelledPair], torch.Tensor, torch.Tensor]]:
    """Yield (rows, ids, mask) in random order, rows of like length together so that little padding is computed.

    The first `skip` batches are left out, with as much taken from `generator` as if they had been yielded.
    """
    order = list(range(len(rows)))
    generator.shuffle(order)
    chunk = recipe.batch * 50
    for at in range(0, len(order), chunk):
        part = sorted(order[at : at + chunk], key=lambda i: len(rows[i].claim) + len(rows[i].evidence))
        groups = [part[k : k + recipe.batch] for k in range(0, len(part), recipe.batch)]
        generator.shuffle(groups)
        for group in groups[skip:]:
            chosen = [rows[i] for i in group]
            yield (chosen, *encode(chosen, tokenizer, recipe.max_tokens, device=device))
        skip = max(skip - len(groups), 0)


def encode(
    rows: Sequence[LabelledPair], tokenizer: PreTrainedTokenizerBase, max_tokens: int, *, device: torch.device = CPU
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids and mask of shape (rows, longest) for (claim, evidence), on `device`."""
    out = tokenizer(
        [row.claim for row in rows],
        [row.evidence for row in rows],
        truncation="longest_first",
        max_length=max_tokens,
        padding=True,
        return_tensors="pt",
    )
    return out["input_ids"].to(device), out["attention_mask"].to(device)


def loss_of(rows: Sequence[LabelledPair], nli: torch.Tensor, relation: torch.Tensor) -> torch.Tensor:
    """Weighted mean over rows of -log P(allowed | among), each row under its own head."""
    logits = torch.cat([nli, relation], dim=1).float()
    allowed, among = torch.zeros(2, len(rows), logits.shape[1], dtype=torch.bool).unbind()
    for at, row in enumerate(rows):
        first = 0 if row.head == "nli" else len(NLI_LABELS)
        allowed[at, [first + label for label in row.allowed]] = True
        among[at, [first + label for label in row.among]] = True
    hit, all_ = (
        torch.logsumexp(logits.masked_fill(~mask.to(logits.device), -torch.inf), dim=1) for mask in (allowed, among)
    )
    weights = torch.tensor([row.weight for row in rows]).to(logits.device)
    return ((all_ - hit) * weights).sum() / weights.sum()


@torch.no_grad()
def accuracy(
    model: PairEncoder, tokenizer: PreTrainedTokenizerBase, rows: Sequence[LabelledPair], recipe: Recipe
) -> float:
    """Share of rows whose best label among those asked is allowed; 0.0 for no rows."""
    if not rows:
        return 0.0
    model.eval()
    right = 0
    for chosen, ids, mask in batches(rows, tokenizer, recipe, random.Random(0), device=model.device):
        nli, relation = model(ids, mask)
        for row, nli_row, relation_row in zip(chosen, nli, relation, strict=True):
            logits = (nli_row if row.head == "nli" else relation_row)[list(row.among)]
            right += row.among[int(logits.argmax())] in row.allowed
    model.train()
    return right / len(rows)


@torch.no_grad()
def logits_of(
    model: PairEncoder, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[LabelledPair], max_tokens: int
) -> np.ndarray:
    """Return the torch model's logits, shape (pairs, 9)."""
    model.eval()
    made = np.empty((len(pairs), 9), np.float32)
    step = 256 if model.device.type == "cuda" else 32
    by_length = np.argsort([len(pair.claim) + len(pair.evidence) for pair in pairs], kind="stable")
    for at in range(0, len(pairs), step):
        chosen = by_length[at : at + step]
        outputs = model(*encode([pairs[i] for i in chosen], tokenizer, max_tokens, device=model.device))
        made[chosen] = torch.cat(outputs, dim=1).cpu().numpy()
    return made


def save(model: PairEncoder, tokenizer: PreTrainedTokenizerBase, recipe: Recipe, out: Path) -> None:
    """Write the model's weights, tokenizer and recipe so that a next stage or an export can start from them."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save({name: weight.cpu() for name, weight in model.state_dict().items()}, out / "model.pt")
    tokenizer.save_pretrained(out / "tokenizer")
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")
