import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convsight.settings import TrainSettings
from convsight.training.muon import Muon, orthogonalised
from convsight.training.optimizers import OPTIMIZERS, Parameters, build_optimizer, default_lr, default_weight_decay


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(),
        nn.Conv2d(16, 16, 3, groups=16), nn.Flatten(), nn.Linear(16 * 4, 2),
    )  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_learns(name: str) -> None:
    model = net()
    images = torch.randn(64, 3, 8, 8)
    predictions = (images.mean(dim=(1, 2, 3)) > 0).long()
    optimizer = build_optimizer(model, name, default_lr(name, 64), default_weight_decay(name))
    losses = []
    for _ in range(60):
        loss = F.cross_entropy(model(images), predictions)
        model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]


def test_only_multiplying_weights_decay_and_only_inner_convolutions_are_orthogonalised() -> None:
    model = net()
    groups = build_optimizer(model, "muon", 1e-3, 0.1).param_groups
    decayed = {id(p) for g in groups if g["weight_decay"] for p in g["params"]}
    orthogonal = {id(p) for g in groups if g["orthogonal"] for p in g["params"]}
    assert decayed == {id(p) for p in model.parameters() if p.ndim > 1}
    assert orthogonal == {id(model[3].weight)}
    assert sum(len(g["params"]) for g in groups) == len(list(model.parameters()))


@pytest.mark.parametrize(
    ("name", "choices", "oracle"),
    [
        ("sgd", {}, lambda w: torch.optim.SGD(w, 0.01, 0.9, nesterov=True)),
        ("sgd", {"momentum": 0.5, "nesterov": False}, lambda w: torch.optim.SGD(w, 0.01, 0.5)),
        ("sgd", {"momentum": 0.0}, lambda w: torch.optim.SGD(w, 0.01)),
        ("adam", {}, lambda w: torch.optim.Adam(w, 0.01)),
        ("adam", {"beta1": 0.8, "eps": 1e-3}, lambda w: torch.optim.Adam(w, 0.01, (0.8, 0.999), 1e-3)),
        ("adamw", {"beta2": 0.95}, lambda w: torch.optim.AdamW(w, 0.01, (0.9, 0.95))),
        ("rmsprop", {}, lambda w: torch.optim.RMSprop(w, 0.01)),
        (
            "rmsprop",
            {"momentum": 0.9, "beta2": 0.9, "eps": 1e-3},
            lambda w: torch.optim.RMSprop(w, 0.01, 0.9, 1e-3, momentum=0.9),
        ),
    ],
)
def test_parameters_mean_what_they_mean_in_pytorch(name: str, choices: dict[str, Any], oracle: Any) -> None:
    ours, theirs = nn.Linear(7, 5), nn.Linear(7, 5)
    theirs.load_state_dict(ours.state_dict())
    its = Parameters.of(TrainSettings.of(data="photos", optimizer=name, **choices), torch.device("cpu"))
    mine, other = build_optimizer(ours, name, 0.01, 0.0, its), oracle(theirs.parameters())
    if "weight_decay" in other.defaults:
        other.param_groups[0]["weight_decay"] = 0.0
    for step in range(8):
        inputs = torch.randn(9, 7, generator=torch.Generator().manual_seed(step))
        for model, optimizer in ((ours, mine), (theirs, other)):
            model.zero_grad()
            model(inputs).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_muons_parameters_reach_its_steps() -> None:
    gradients = torch.randn(2, 8, 16, 3, 3, generator=torch.Generator().manual_seed(0))

    def after_two_steps(**choices: Any) -> torch.Tensor:
        model = nn.Conv2d(16, 8, 3, bias=False)
        nn.init.zeros_(model.weight)
        its = Parameters.of(TrainSettings.of(data="photos", **choices), torch.device("cpu"))
        optimizer = build_optimizer(model, "muon", 1.0, 0.0, its)
        for gradient in gradients:
            model.weight.grad = gradient.clone()
            optimizer.step()
        return model.weight.detach()

    plain = after_two_steps()
    assert torch.equal(after_two_steps(momentum=0.9, nesterov=True, muon_iterations=4), plain)
    others: list[dict[str, Any]] = [{"momentum": 0.5}, {"nesterov": False}, {"muon_iterations": 2}]
    assert not any(torch.allclose(after_two_steps(**other), plain) for other in others)


def test_one_iteration_is_the_quintic_once() -> None:
    update = torch.randn(8, 40, generator=torch.Generator().manual_seed(1))
    matrix = update / update.norm()
    square = matrix @ matrix.T
    expected = 3.4445 * matrix - 4.7750 * square @ matrix + 2.0315 * square @ square @ matrix
    torch.testing.assert_close(orthogonalised(update, 1), expected, rtol=1e-4, atol=1e-6)


def test_the_vectors_of_muon_move_as_adamw_moves_them() -> None:
    ours, oracle = nn.Linear(7, 5), nn.Linear(7, 5)
    oracle.load_state_dict(ours.state_dict())
    mine = Muon([{"params": list(ours.parameters()), "weight_decay": 0.1}], lr=0.01)
    theirs = torch.optim.AdamW(oracle.parameters(), lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    for step in range(20):
        inputs = torch.randn(9, 7, generator=torch.Generator().manual_seed(step))
        for model, optimizer in ((ours, mine), (oracle, theirs)):
            model.zero_grad()
            model(inputs).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, oracle.weight, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ours.bias, oracle.bias, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (16, 4, 3, 3), (16, 16)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, ...]) -> None:
    update = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    matrix = orthogonalised(update).reshape(len(update), -1)
    values = torch.linalg.svdvals(matrix)
    assert float(values.max()) < 1.35
    assert float(values.median()) > 0.6
    # The singular vectors stay: the product with the polar factor is nearly symmetric and positive.
    left, _, right = torch.linalg.svd(update.reshape(len(update), -1), full_matrices=False)
    cosine = F.cosine_similarity(matrix.flatten(), (left @ right).flatten(), dim=0)
    assert float(cosine) > 0.97


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (16, 16)])
def test_orthogonalised_is_the_quintic_of_each_singular_value(shape: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(2)
    left, _, right = torch.linalg.svd(torch.randn(shape, generator=random, dtype=torch.float64), full_matrices=False)
    values = torch.logspace(0, -5, min(shape), dtype=torch.float64)  # the least grow 140-fold, and so do roundings
    expected = values / values.norm()
    for _ in range(4):
        expected = 3.4445 * expected - 4.7750 * expected**3 + 2.0315 * expected**5
    found = orthogonalised((left * values @ right).float())
    torch.testing.assert_close(found.double(), left * expected @ right, rtol=0, atol=1e-4)


def test_a_step_of_muon_is_as_large_as_one_of_adamw() -> None:
    model = nn.Conv2d(16, 32, 3, bias=False)
    before = copy.deepcopy(model.weight)
    optimizer = Muon([{"params": [model.weight], "orthogonal": True}], lr=1.0)
    model.weight.grad = torch.randn_like(model.weight)
    optimizer.step()
    rms = float((model.weight - before).detach().square().mean().sqrt())
    assert 0.1 < rms < 0.3
