"""Losses become steps: accumulation, clipping, several optimizers; held against PyTorch's own steps."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.errors import UserError
from convsight.tasks.learner import Learner, OneNetwork, Optimized, Update
from convsight.training.update import OptimizerSteps, build_optimizers

CPU = torch.device("cpu")
BATCHES = [Batch({"image": torch.randn(4, 3, generator=torch.Generator().manual_seed(n))}, {}) for n in range(5)]


def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"total": network(batch.image).square().mean()}


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def by_hand(groups: list[list[int]], lr: float, clip: float | None = None) -> nn.Linear:
    """Plain SGD, as ours, on the mean loss of each group of batches."""
    net = linear()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, nesterov=True, fused=True)
    for group in groups:
        optimizer.zero_grad()
        for index in group:
            (loss(net, BATCHES[index])["total"] / len(group)).backward()  # type: ignore[no-untyped-call]
        if clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
    return net


def ours(accumulate: int = 1, clip: float | None = None) -> nn.Module:
    learner = OneNetwork(linear(), loss)
    optimizers = build_optimizers(learner, "sgd", 0.1, 0.0)
    update = OptimizerSteps(optimizers, CPU, accumulate, clip, lr=0.1)
    for batch in BATCHES:
        learner.step(batch, update)
    update.flush()
    return learner.network


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_step_is_the_optimizers() -> None:
    assert same(ours(), by_hand([[0], [1], [2], [3], [4]], 0.1))


def test_gradients_of_several_batches_make_one_step_and_what_is_left_makes_one_too() -> None:
    assert same(ours(accumulate=2), by_hand([[0, 1], [2, 3], [4]], 0.1))


def test_what_is_left_counts_as_its_own_mean() -> None:
    for ours_, theirs in zip(
        ours(accumulate=3).parameters(), by_hand([[0, 1, 2], [3, 4]], 0.1).parameters(), strict=True
    ):
        torch.testing.assert_close(ours_, theirs)


def test_it_tells_once_that_weights_were_moved() -> None:
    learner = OneNetwork(linear(), loss)
    update = OptimizerSteps(build_optimizers(learner, "sgd", 0.1, 0.0), CPU, accumulate=2, lr=0.1)
    told = []
    for batch in BATCHES[:3]:
        learner.step(batch, update)
        told.append(update.moved())
    update.flush()
    assert [*told, update.moved(), update.moved()] == [False, True, False, True, False]


def test_long_gradients_are_shortened() -> None:
    assert same(ours(clip=0.01), by_hand([[0], [1], [2], [3], [4]], 0.1, clip=0.01))
    assert not same(ours(clip=0.01), ours())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_moves_no_weight(value: float) -> None:
    learner = OneNetwork(linear(), lambda net, batch: {"total": net(batch.image).sum() * value})
    update = OptimizerSteps(build_optimizers(learner, "sgd", 0.1, 0.0), CPU, lr=0.1)
    with pytest.raises(UserError, match="the loss became"):
        learner.step(BATCHES[0], update)
    assert same(learner.network, linear())


class Pair(Learner):
    """Two networks in turn: what comes out of the first goes into the second."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.second = linear(), nn.Linear(2, 1)

    def optimized(self) -> Mapping[str, Optimized]:
        return {"first": Optimized(self.network), "second": Optimized(self.second, "sgd", lr_scale=0.5)}

    def step(self, batch: Batch, update: Update) -> Mapping[str, Tensor]:
        second = self.second(self.network(batch.image)).square().mean()
        update(second, "second")
        first = self.second(self.network(batch.image)).square().mean()
        update(first, "first")
        return {"total": first, "second": second}


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_loss_teaches_the_weights_of_its_optimizer_alone(accumulate: int) -> None:
    learner = Pair()
    before = learner.second.weight.detach().clone()
    update = OptimizerSteps(build_optimizers(learner, "sgd", 0.1, 0.0), CPU, accumulate, lr=0.1)
    second = learner.second(learner.network(BATCHES[0].image)).square().mean()
    update(second, "second")
    assert all(weight.grad is None for weight in learner.network.parameters())
    update.flush()
    assert same(learner.network, linear())
    assert not torch.equal(learner.second.weight, before)


def test_the_rate_of_an_optimizer_is_a_share_of_the_trainings() -> None:
    learner = Pair()
    update = OptimizerSteps(build_optimizers(learner, "sgd", 0.1, 0.0), CPU, lr=0.2)
    learner.step(BATCHES[0], update)
    rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in update.states().items()}
    assert rates == {"first": 0.2, "second": 0.1}


def test_the_second_loss_of_a_step_sees_the_weights_that_the_first_has_moved() -> None:
    # Autocast keeps weights in bfloat16 until it ends: those of a whole step would be old ones for the second loss.
    learner, expected = paired(), paired()
    update = OptimizerSteps(build_optimizers(learner, "sgd", 0.1, 0.0), CPU, lr=0.1)
    with torch.autocast("cpu", torch.bfloat16):
        learner.step(BATCHES[0], update)
    optimizers = {
        "second": torch.optim.SGD(expected.second.parameters(), lr=0.05, momentum=0.9, nesterov=True),
        "first": torch.optim.SGD(expected.network.parameters(), lr=0.1, momentum=0.9, nesterov=True),
    }
    for name in ("second", "first"):
        with torch.autocast("cpu", torch.bfloat16):  # anew, so that nothing is kept
            value = expected.second(expected.network(BATCHES[0].image)).square().mean()
        optimizers[name].zero_grad()
        value.backward()
        if name == "first":  # its loss goes through the other network, which does not learn from it
            expected.second.zero_grad()
        optimizers[name].step()
    assert same(learner, expected)


def paired() -> Pair:
    torch.manual_seed(1)
    return Pair()
