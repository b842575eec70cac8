"""One stage of the encoder's training: steps, checkpoints, and going on after an interruption as if there had been none.

Needs the extra `train`.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from bot.errors import InputError
from bot.training.encoder import LabelledPair, PairEncoder, Recipe, batches

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CHECKPOINT = "checkpoint.pt"
Loss = Callable[[Sequence[LabelledPair], torch.Tensor, torch.Tensor], torch.Tensor]
"""What rows and both heads' logits come to."""


@dataclass(slots=True, kw_only=True)
class _Stage:
    """Where a stage stands: how many pairs it has seen, for how long, and in which pass over the rows at which batch."""

    generator: random.Random
    done: int = 0
    spent: float = 0.0
    taken: int = 0
    """Batches of this pass."""
    pass_began: Any = None
    """The generator's state at the start of this pass: with it the pass is drawn again."""
    loss: Any = 0.0
    """Running mean, a tensor of no dimensions from the first step on."""


def train_stage(
    model: PairEncoder,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[LabelledPair],
    recipe: Recipe,
    loss_of: Loss,
    *,
    out: Path,
    develop: Callable[[PairEncoder], dict[str, Any]],
    check_every_s: float = 900.0,
) -> None:
    """Train in place, where the model lies, writing a checkpoint and a line of `log.jsonl` into `out` at every check.

    Resumes from there as if it had never stopped: on the CPU the weights come out the same. InputError where the checkpoint
    was begun with another seed.
    """
    # Longer than most: one loop, whose order of steps is what has to be read at a glance.
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    groups = _groups(model, recipe)
    trained = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    on_gpu = model.device.type == "cuda"
    stage = _Stage(generator=random.Random(recipe.seed))
    if (out / CHECKPOINT).exists():
        _resume(stage, model, optimiser, out / CHECKPOINT, recipe)
    model.train()
    began = time.monotonic() - stage.spent
    last_check = time.monotonic()
    while stage.done < recipe.max_pairs:
        if stage.taken:
            stage.generator.setstate(stage.pass_began)
        stage.pass_began = stage.generator.getstate()
        for chosen, ids, mask in batches(
            rows, tokenizer, recipe, stage.generator, device=model.device, skip=stage.taken
        ):
            progress = max(stage.done / recipe.max_pairs, (time.monotonic() - began) / recipe.budget_s)
            if progress >= 1.0:
                break
            scale = min(progress / recipe.warmup, 1.0) * (1.0 - progress)
            for group in optimiser.param_groups:
                group["lr"] = group["full_lr"] * scale
            with torch.autocast(model.device.type, torch.bfloat16, enabled=on_gpu):
                outputs = model(ids, mask)
            loss = loss_of(chosen, *outputs)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            stage.done += len(chosen)
            stage.taken += 1
            told = loss.detach()  # stays where it is: to ask for it would wait for a GPU at each step
            stage.loss = 0.99 * stage.loss + 0.01 * told if isinstance(stage.loss, torch.Tensor) else told
            if time.monotonic() - last_check > check_every_s:
                stage.spent = time.monotonic() - began
                _check(stage, model, optimiser, out, develop, recipe)
                last_check = time.monotonic()
        else:
            stage.taken = 0
            continue
        break
    stage.spent = time.monotonic() - began
    _check(stage, model, optimiser, out, develop, recipe)


def _groups(model: PairEncoder, recipe: Recipe) -> list[dict[str, Any]]:
    """Return the optimiser's groups, each with the learning rate that it has at the height of the stage."""
    heads = [*model.dense.parameters(), *model.nli.parameters(), *model.relation.parameters()]
    trunk: Any = model.trunk
    layers = list(trunk.encoder.layer)
    below = {id(p): len(layers) - 1 - depth for depth, layer in enumerate(layers) for p in layer.parameters()}
    by_depth: dict[int, list[torch.nn.Parameter]] = {}
    for parameter in trunk.parameters():
        if parameter.requires_grad:  # what stands outside the layers is trained as the lowest of them
            by_depth.setdefault(below.get(id(parameter), len(layers)), []).append(parameter)
    groups = [
        {"params": part, "full_lr": recipe.trunk_lr * recipe.layer_decay**depth} for depth, part in by_depth.items()
    ]
    return [*groups, {"params": heads, "full_lr": recipe.head_lr}]


def _check(
    stage: _Stage,
    model: PairEncoder,
    optimiser: torch.optim.Optimizer,
    out: Path,
    develop: Callable[[PairEncoder], dict[str, Any]],
    recipe: Recipe,
) -> None:
    model.eval()
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "seed": recipe.seed,
        "chance": torch.get_rng_state(),
        "chance_of_gpu": torch.cuda.get_rng_state(model.device) if model.device.type == "cuda" else None,
        "loss": float(stage.loss),
    } | {name: getattr(stage, name) for name in ("done", "spent", "taken", "pass_began")}
    torch.save(state, out / (CHECKPOINT + ".part"))
    (out / (CHECKPOINT + ".part")).replace(out / CHECKPOINT)
    line = {
        "done": stage.done,
        "spent_s": round(stage.spent),
        "pairs_per_s": round(stage.done / max(stage.spent, 1e-9), 1),
        "loss": round(float(stage.loss), 4),
    }
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line | develop(model)) + "\n")
    model.train()


def _resume(
    stage: _Stage, model: PairEncoder, optimiser: torch.optim.Optimizer, checkpoint: Path, recipe: Recipe
) -> None:
    """Put everything back to where the checkpoint was written."""
    state = torch.load(checkpoint, weights_only=True, map_location=model.device)
    if state.get("seed", recipe.seed) != recipe.seed:
        raise InputError(
            f"{checkpoint} was begun with the seed {state['seed']}, not {recipe.seed}: use another folder."
        )
    if "pass_began" not in state or len(state["optimiser"]["param_groups"]) != len(optimiser.param_groups):
        raise InputError(f"{checkpoint} was written by another version or for another recipe: use another folder.")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    stage.done, stage.spent = state["done"], state["spent"]
    stage.taken, stage.pass_began = state["taken"], state["pass_began"]
    stage.loss = torch.tensor(state["loss"], device=model.device)
    torch.set_rng_state(state["chance"].cpu())
    if state["chance_of_gpu"] is not None and model.device.type == "cuda":
        torch.cuda.set_rng_state(state["chance_of_gpu"].cpu(), model.device)
