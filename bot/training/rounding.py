"""Training with rounded weights: an encoder learns to judge with the few bits that it is served in.

Rounding a trained model to 4 bits changes one decision in fourteen, however carefully it is done. So once the encoder is trained,
its linear layers are put on the grids of `quantize` and it learns to answer as it did before: in each step weights and inputs are
rounded as in service, and gradients pass as if they had not been (Jacob et al. 2018, arXiv:1712.05877; the straight-through
estimator of Bengio et al. 2013, arXiv:1308.3432). What is learnt are the answers of the unrounded model, not the labels.

Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from bot.training.encoder import LabelledPair, PairEncoder, encode, logits_of
from bot.training.encoder_stage import Loss
from bot.training.quantize import BLOCK, MOST_INPUT, UNIT, Grid, evening, grid_for


class OnGrid(nn.Module):
    """A linear layer's weight, (outputs, inputs), as its grid has it; the gradient is that of the weight itself."""

    scales: torch.Tensor
    sizes: torch.Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.register_buffer("scales", torch.tensor(grid.scales) / torch.tensor(grid.even)[:, None])
        self.register_buffer("sizes", (torch.tensor(grid.steps).float() * float(UNIT))[:, None, :])

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight on the grid."""
        blocks = (weight.T / self.scales).reshape(-1, BLOCK, weight.shape[0])
        whole = ((blocks / self.sizes).round().clamp(-8, 7) * self.sizes).round()
        onto: torch.Tensor = (whole.flatten(0, 1) * self.scales).T
        return weight + (onto - weight).detach()


@contextmanager
def on_grids(model: nn.Module, grids: Mapping[str, Grid]) -> Iterator[None]:
    """Let the layers of these names compute with rounded weights and inputs; afterwards their weights are the rounded ones."""
    known = linear_layers(model)
    layers = {name: known[name] for name in grids}
    hooks = []
    for name, layer in layers.items():
        parametrize.register_parametrization(layer, "weight", OnGrid(grids[name]).to(layer.weight.device))
        hooks.append(layer.register_forward_pre_hook(_rounded_input(grids[name])))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers.values():
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


def grids_of(model: PairEncoder, tokenizer: Any, pairs: Sequence[LabelledPair], max_tokens: int) -> dict[str, Grid]:
    """Return a grid for each linear layer, from its weights and from what goes into it over `pairs` (some hundred do)."""
    layers = linear_layers(model)
    largest: dict[str, torch.Tensor] = {}

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            now = inputs[0].detach().flatten(0, -2).abs().amax(dim=0)
            largest[name] = torch.maximum(largest[name], now) if name in largest else now

        return hook

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in layers.items()]
    logits_of(model, tokenizer, pairs, max_tokens)
    for hook in hooks:
        hook.remove()
    weights = {name: layer.weight.detach().T.cpu().numpy() for name, layer in layers.items()}
    readers: dict[bytes, list[str]] = {}  # layers that read one input have seen the same
    for name, most in largest.items():
        readers.setdefault(most.cpu().numpy().tobytes(), []).append(name)
    return {
        name: grid_for(weights[name], even)
        for names in readers.values()
        for even in [evening(largest[names[0]].cpu().numpy(), [weights[other] for other in names])]
        for name in names
    }


def answers_of(teacher: PairEncoder, tokenizer: Any, max_tokens: int) -> Loss:
    """Return the loss of answering otherwise than `teacher`: the mean sum of both heads' Kullback-Leibler divergences from it."""
    teacher.eval()

    def loss(rows: Sequence[LabelledPair], nli: torch.Tensor, relation: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            answers = teacher(*encode(rows, tokenizer, max_tokens, device=teacher.device))
        return torch.stack(
            [
                nn.functional.kl_div(
                    found.float().log_softmax(dim=1), told.log_softmax(dim=1), log_target=True, reduction="batchmean"
                )
                for found, told in zip((nli, relation), answers, strict=True)
            ]
        ).sum()

    return loss


def linear_layers(model: nn.Module) -> dict[str, nn.Linear]:
    """Return a model's linear layers by name."""
    return {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}


@contextmanager
def without_dropout(model: nn.Module) -> Iterator[None]:
    """Let a model that is being trained leave nothing to chance."""
    parts = {module: module.p for module in model.modules() if isinstance(module, nn.Dropout)}
    for module in parts:
        module.p = 0.0
    try:
        yield
    finally:
        for module, before in parts.items():
            module.p = before


def _rounded_input(grid: Grid) -> Any:
    even = torch.tensor(grid.even)

    def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        nonlocal even
        even = even.to(inputs[0].device)
        units = inputs[0].detach().float() / even
        scale = units.abs().amax(dim=-1, keepdim=True).clamp_min(1e-12) / MOST_INPUT
        rounded = (units / scale).round() * scale * even
        return (inputs[0] + (rounded - inputs[0].detach()).to(inputs[0].dtype),)

    return hook
