"""A very small encoder is trained, interrupted and taken up again; where it lies is where its rows go."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

from bot.errors import InputError  # noqa: E402 - torch may be missing
from bot.training import encoder  # noqa: E402 - after the check for the extra
from bot.training.encoder import (  # noqa: E402 - the same
    LabelledPair,
    PairEncoder,
    Recipe,
    accuracy,
    batches,
    build,
    device_of,
    encode,
    logits_of,
    loss_of,
)
from bot.training.encoder_run import mean_of, state_of  # noqa: E402 - the same
from bot.training.encoder_stage import CHECKPOINT, train_stage  # noqa: E402 - the same

ALL = (0, 1, 2, 3, 4, 5)
WORDS = ["norland", "sends", "no", "tanks", "some", "grain", "minister", "will", "never", "today"]
ROWS = [
    LabelledPair(
        head="relation" if n % 3 else "nli",
        claim="norland sends " + WORDS[n % len(WORDS)],
        evidence=" ".join(WORDS[: n % 7 + 2]),
        allowed=(n % 3,),
        among=ALL if n % 3 else ALL[:3],
    )
    for n in range(22)
]
RECIPE = Recipe(layers=2, frozen_layers=1, max_tokens=32, batch=4, max_pairs=32, seed=3)


class Words:
    """A tokenizer of a word a token; as much of the interface as training asks for."""

    def __call__(self, claims, evidences, *, max_length, **_):
        known = {word: place for place, word in enumerate(WORDS, 3)}
        ids = [
            [0, *(known[w] for w in claim.split()), 2, *(known[w] for w in evidence.split())][:max_length]
            for claim, evidence in zip(claims, evidences, strict=True)
        ]
        longest = max(map(len, ids))
        return {
            "input_ids": torch.tensor([row + [1] * (longest - len(row)) for row in ids]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids]),
        }


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    config = transformers.MPNetConfig(
        vocab_size=16,
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    folder = tmp_path_factory.mktemp("weights")
    transformers.MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def start(weights, monkeypatch):
    monkeypatch.setattr(encoder.AutoTokenizer, "from_pretrained", lambda _: Words())

    def started(seed: int = RECIPE.seed) -> PairEncoder:
        recipe = Recipe(layers=RECIPE.layers, frozen_layers=RECIPE.frozen_layers, seed=seed)
        return build(weights, recipe)[0]

    return started


def trained(model: PairEncoder, out: Path, *, stop_at: int = 0, recipe: Recipe = RECIPE) -> PairEncoder:
    """Train with a check after every step; `stop_at` breaks it off at that check, when its checkpoint is written."""
    checks = 0

    def develop(_: PairEncoder) -> dict[str, float]:
        nonlocal checks
        checks += 1
        if checks == stop_at:
            raise KeyboardInterrupt
        return {}

    train_stage(model, Words(), ROWS, recipe, loss_of, out=out, develop=develop, check_every_s=-1.0)
    return model


def apart(one: PairEncoder, other: PairEncoder) -> float:
    """The largest difference of any weight."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs if a.is_floating_point())


@pytest.mark.parametrize("stop_at", [1, 6, 8], ids=["in the first pass", "at the end of a pass", "in the second pass"])
def test_an_interrupted_training_ends_with_the_weights_of_one_that_was_not(start, tmp_path, stop_at) -> None:
    whole = trained(start(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(start(), tmp_path / "broken", stop_at=stop_at)
    resumed = trained(start(), tmp_path / "broken")
    assert apart(whole, start()) > 1e-3
    assert apart(whole, resumed) < 1e-9
    told = [json.loads(line) for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()]
    assert told[-1]["done"] == json.loads((tmp_path / "whole" / "log.jsonl").read_text().splitlines()[-1])["done"] >= 32


def test_a_stage_that_is_done_is_not_trained_again(start, tmp_path) -> None:
    whole = trained(start(), tmp_path)
    again = trained(start(), tmp_path)
    assert apart(whole, again) == 0.0


def test_another_seed_is_another_encoder_and_the_same_seed_the_same_one(start, tmp_path) -> None:
    assert apart(start(), start()) == 0.0
    assert apart(start(), start(seed=4)) > 1e-3
    one, two = (trained(start(), tmp_path / name) for name in ("one", "two"))
    assert apart(one, two) < 1e-9


def test_a_checkpoint_of_another_seed_is_refused(start, tmp_path) -> None:
    trained(start(), tmp_path)
    with pytest.raises(InputError, match="seed 3, not 4"):
        trained(start(), tmp_path, recipe=Recipe(batch=4, max_pairs=32, seed=4))


def test_a_checkpoint_of_another_recipe_is_refused(start, tmp_path) -> None:
    trained(start(), tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state["optimiser"]["param_groups"].pop()
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match="another version or for another recipe"):
        trained(start(), tmp_path)


def test_lower_layers_learn_more_slowly(start, tmp_path) -> None:
    """A decay of nothing leaves all but the highest layer, which has the full rate, as they were."""
    moved = {}
    for decay in (1.0, 0.0):
        recipe = Recipe(layers=2, batch=4, max_pairs=32, seed=3, layer_decay=decay, max_tokens=32)
        before, after = start().requires_grad_(True), start().requires_grad_(True)
        trained(after, tmp_path / str(decay), recipe=recipe)
        states = [[layer.state_dict() for layer in model.trunk.encoder.layer] for model in (before, after)]
        moved[decay] = [
            max(float((old[n] - new[n]).abs().max()) for n in old) for old, new in zip(*states, strict=True)
        ]
    assert min(moved[1.0]) > 1e-5
    assert moved[0.0][0] == 0.0
    assert moved[0.0][1] > 1e-5


def test_the_loss_is_that_of_the_asked_head_alone_over_the_labels_asked() -> None:
    rows = [
        LabelledPair(head="nli", claim="", evidence="", allowed=(0,), among=(0, 2), weight=0.5),
        LabelledPair(head="relation", claim="", evidence="", allowed=(1, 2), among=ALL),
    ]
    nli, relation = torch.tensor([[1.0, 50.0, 0.0], [9.0, 9.0, 9.0]]), torch.zeros(2, 6)
    first, second = math.log(1 + math.exp(-1.0)), math.log(3)
    assert float(loss_of(rows, nli, relation)) == pytest.approx((0.5 * first + second) / 1.5)


def test_the_mean_of_trainings_lies_between_them_and_a_state_is_a_copy(start, tmp_path) -> None:
    model = start()
    states = []
    for seed in (3, 4):
        recipe = Recipe(layers=2, frozen_layers=1, batch=4, max_pairs=32, max_tokens=32, seed=seed)
        states.append(state_of(trained(start(), tmp_path / str(seed), recipe=recipe)))
    mean = mean_of(states)
    model.load_state_dict(mean)
    name = "dense.weight"
    assert torch.allclose(mean[name], (states[0][name] + states[1][name]) / 2)
    assert float((states[0][name] - states[1][name]).abs().max()) > 1e-5
    kept = state_of(model)
    model.dense.weight.data.zero_()
    assert torch.equal(kept[name], mean[name])


def test_batches_left_out_are_those_that_would_have_come_first() -> None:
    def drawn(skip: int) -> list[list[LabelledPair]]:
        generator = encoder.random.Random(1)
        made = [chosen for chosen, _, _ in batches(ROWS * 12, Words(), RECIPE, generator, skip=skip)]
        return [*made, generator.getstate()]

    whole = drawn(0)
    assert len(whole) == 67  # 264 rows in two chunks of 200 and 64, four a batch, and the generator's state
    for skip in (1, 50, 53, 66):
        assert drawn(skip) == whole[skip:]


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch) -> None:
    for found, name in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=found: found)
        assert device_of("auto").type == name
    assert device_of("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("wanted", "told"), [("abacus", "is no device"), ("cuda", "finds no device 'cuda'")])
def test_a_device_that_is_not_there_is_an_input_fault(monkeypatch, wanted, told) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InputError, match=told):
        device_of(wanted)


def test_rows_go_where_the_model_lies(start) -> None:
    model = start()
    assert (model.device.type, model.to("meta").device.type) == ("cpu", "meta")
    assert {tensor.device.type for tensor in encode(ROWS[:2], Words(), 32, device=torch.device("meta"))} == {"meta"}
    places = {
        t.device.type
        for _, *made in batches(ROWS, Words(), RECIPE, encoder.random.Random(0), device=model.device)
        for t in made
    }
    assert places == {"meta"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_it_learns_resumes_and_answers_as_on_the_cpu(start, tmp_path) -> None:
    gpu = device_of("cuda")
    with pytest.raises(KeyboardInterrupt):
        trained(start().to(gpu), tmp_path, stop_at=4)
    model = trained(start().to(gpu), tmp_path)
    assert model.device.type == "cuda"
    assert 0.0 <= accuracy(model, Words(), ROWS, RECIPE) <= 1.0
    there = logits_of(model, Words(), ROWS, 32)
    here = logits_of(model.to("cpu"), Words(), ROWS, 32)
    assert abs(there - here).max() < 1e-3
