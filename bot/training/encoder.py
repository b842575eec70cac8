"""Fine-tuning of the cross-encoder: MPNet's lower layers, two heads, two stages.

The encoder reads a claim (the position on record) against evidence (a statement). It has two heads over one trunk: `nli`
(entailment, neutral, contradiction), taught on public sentence pairs, and `relation` (the six of the annotation guide),
taught on stance pairs. Stage one teaches the first head; stage two both, so that what was learnt about entailment is kept.

Needs the extra `train` (torch, transformers). The trunk starts from all-mpnet-base-v2 (Song et al. 2020, arXiv:2004.09297;
Apache-2.0), cut to its first layers: Sajjad et al. 2023 (arXiv:2004.03844) show that the upper ones are cheap to lose.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NLI_LABELS = ("entailment", "neutral", "contradiction")
CHECKPOINT = "checkpoint.pt"


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

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (nli, relation) logits, (n, 3) and (n, 6), for token ids and mask of shape (n, tokens)."""
        hidden = self.trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        pooled = self.dropout(torch.tanh(self.dense(torch.cat([hidden[:, 0], mean], dim=-1))))
        return self.nli(pooled), self.relation(pooled)


def build(weights: Path, recipe: Recipe) -> tuple[PairEncoder, PreTrainedTokenizerBase]:
    """Load the public trunk from `weights`, cut it to `recipe.layers` and freeze embeddings and the lowest layers."""
    tokenizer = AutoTokenizer.from_pretrained(weights)
    trunk = AutoModel.from_pretrained(weights, add_pooling_layer=False)
    trunk.encoder.layer = trunk.encoder.layer[: recipe.layers]
    trunk.config.num_hidden_layers = recipe.layers
    frozen = [trunk.embeddings, *trunk.encoder.layer[: recipe.frozen_layers]]
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad = False
    return PairEncoder(trunk, trunk.config.hidden_size), tokenizer


def batches(
    rows: Sequence[LabelledPair], tokenizer: PreTrainedTokenizerBase, recipe: Recipe, generator: random.Random
) -> Iterable[tuple[list[LabelledPair], torch.Tensor, torch.Tensor]]:
    """Yield (rows, ids, mask) in random order, rows of like length together so that little padding is computed."""
    order = list(range(len(rows)))
    generator.shuffle(order)
    chunk = recipe.batch * 50
    for at in range(0, len(order), chunk):
        part = sorted(order[at : at + chunk], key=lambda i: len(rows[i].claim) + len(rows[i].evidence))
        groups = [part[k : k + recipe.batch] for k in range(0, len(part), recipe.batch)]
        generator.shuffle(groups)
        for group in groups:
            chosen = [rows[i] for i in group]
            yield (chosen, *encode(chosen, tokenizer, recipe.max_tokens))


def encode(
    rows: Sequence[LabelledPair], tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids and mask of shape (rows, longest) for (claim, evidence)."""
    out = tokenizer(
        [row.claim for row in rows],
        [row.evidence for row in rows],
        truncation="longest_first",
        max_length=max_tokens,
        padding=True,
        return_tensors="pt",
    )
    return out["input_ids"], out["attention_mask"]


def loss_of(rows: Sequence[LabelledPair], nli: torch.Tensor, relation: torch.Tensor) -> torch.Tensor:
    """Weighted mean over rows of -log P(allowed | among), each row under its own head."""
    losses = []
    for row, nli_row, relation_row in zip(rows, nli, relation, strict=True):
        logits = nli_row if row.head == "nli" else relation_row
        hit = torch.logsumexp(logits[list(row.allowed)], 0)
        losses.append(row.weight * (torch.logsumexp(logits[list(row.among)], 0) - hit))
    return torch.stack(losses).sum() / sum(row.weight for row in rows)


@torch.no_grad()
def accuracy(
    model: PairEncoder, tokenizer: PreTrainedTokenizerBase, rows: Sequence[LabelledPair], recipe: Recipe
) -> float:
    """Share of rows whose best label among those asked is allowed; 0.0 for no rows."""
    if not rows:
        return 0.0
    model.eval()
    right = 0
    for chosen, ids, mask in batches(rows, tokenizer, recipe, random.Random(0)):
        nli, relation = model(ids, mask)
        for row, nli_row, relation_row in zip(chosen, nli, relation, strict=True):
            logits = (nli_row if row.head == "nli" else relation_row)[list(row.among)]
            right += row.among[int(logits.argmax())] in row.allowed
    model.train()
    return right / len(rows)


def train_stage(
    model: PairEncoder,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[LabelledPair],
    recipe: Recipe,
    *,
    out: Path,
    develop: Callable[[PairEncoder], dict[str, Any]],
    check_every_s: float = 900.0,
) -> None:
    """Train in place, writing a checkpoint and a line of `log.jsonl` into `out` at every check; resumes from there."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    generator = random.Random(recipe.seed)
    heads = [*model.dense.parameters(), *model.nli.parameters(), *model.relation.parameters()]
    trunk = [p for p in model.trunk.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW([{"params": trunk, "lr": 1.0}, {"params": heads, "lr": 1.0}], weight_decay=0.01)
    done, spent = 0, 0.0
    if (out / CHECKPOINT).exists():
        state = torch.load(out / CHECKPOINT, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done, spent = state["done"], state["spent"]
        generator.seed(recipe.seed + done)
    model.train()
    began = time.monotonic() - spent
    last_check, running = time.monotonic(), 0.0
    while done < recipe.max_pairs:
        for chosen, ids, mask in batches(rows, tokenizer, recipe, generator):
            progress = max(done / recipe.max_pairs, (time.monotonic() - began) / recipe.budget_s)
            if progress >= 1.0:
                break
            scale = min(progress / recipe.warmup, 1.0) * (1.0 - progress)
            optimiser.param_groups[0]["lr"] = recipe.trunk_lr * scale
            optimiser.param_groups[1]["lr"] = recipe.head_lr * scale
            loss = loss_of(chosen, *model(ids, mask))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*trunk, *heads], 1.0)
            optimiser.step()
            done += len(chosen)
            running = 0.99 * running + 0.01 * loss.item() if running else loss.item()
            if time.monotonic() - last_check > check_every_s:
                _check(model, optimiser, out, develop, done=done, spent=time.monotonic() - began, loss=running)
                last_check = time.monotonic()
        else:
            continue
        break
    _check(model, optimiser, out, develop, done=done, spent=time.monotonic() - began, loss=running)


def _check(
    model: PairEncoder,
    optimiser: torch.optim.Optimizer,
    out: Path,
    develop: Callable[[PairEncoder], dict[str, Any]],
    *,
    done: int,
    spent: float,
    loss: float,
) -> None:
    model.eval()
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "done": done, "spent": spent}
    torch.save(state, out / (CHECKPOINT + ".part"))
    (out / (CHECKPOINT + ".part")).replace(out / CHECKPOINT)
    line = {
        "done": done,
        "spent_s": round(spent),
        "pairs_per_s": round(done / max(spent, 1e-9), 1),
        "loss": round(loss, 4),
    }
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line | develop(model)) + "\n")
    model.train()


def save(model: PairEncoder, tokenizer: PreTrainedTokenizerBase, recipe: Recipe, out: Path) -> None:
    """Write the model's weights, tokenizer and recipe so that a next stage or an export can start from them."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / "model.pt")
    tokenizer.save_pretrained(out / "tokenizer")
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")
