"""Both parts of a cut network answer together as it does, whatever network it is."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.cut import NotCutError, cut_network
from convsight.nets.grid_head import with_grid_head
from convsight.nets.stages import stages_of

TEXT = (
    "conv 4 3x3 same | batchnorm | relu | dropout 0.2 | maxpool 2x2 | conv 8 3x3 same relu | globalavg | dense classes"
)


def frozen_layers(network: nn.Module, stages: int, side: int) -> set[str]:
    found = stages_of(network, (1, 3, side, side)).stages[:stages]
    layers = {name for stage in found for name in stage.layers}
    for name in layers:
        network.get_submodule(name).eval()
    return layers


@pytest.mark.parametrize(
    ("name", "side", "stages", "numbers"),
    [
        (TEXT, 8, 1, 4 * 8 * 8),  # what acts by chance, the dropout, comes after
        ("resnet18", 32, 5, 512),  # after the pooling
        ("resnet18", 32, 3, 128 * 4 * 4),
        ("squeezenet1_0", 32, 4, 512),
        ("mobilenet_v3_small", 32, 6, 1024),
        ("lenet5", 32, 3, 120),
    ],
)
def test_both_parts_give_what_the_network_gives(name: str, side: int, stages: int, numbers: int) -> None:
    torch.manual_seed(0)
    network = build_net(name, NetShape(3, 3, side, side)).train()
    layers = frozen_layers(network, stages, side)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    cut = cut_network(network, layers, (3, side, side))
    images = torch.rand(4, 3, side, side)
    with torch.no_grad():
        features = cut.front(images)
        parts = cut.tail.eval()(features[:, None, :, None])
        assert torch.equal(parts, network.eval()(images))
    assert cut.numbers == features.shape[1] == numbers
    learnt = {key: value for key, value in before.items() if key.rpartition(".")[0] not in layers}
    assert cut.tail.state_dict().keys() == learnt.keys()
    next(cut.tail.parameters()).data.fill_(9)  # nothing is shared
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_dropout_drops_while_it_is_trained_alone() -> None:
    class Dropping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 64), nn.Linear(64, 2)

        def forward(self, images: Tensor) -> Tensor:
            found: Tensor = self.last(F.dropout(self.first(images.flatten(1)), 0.5, training=self.training))
            return found

    cut = cut_network(Dropping().train(), {"first"}, (1, 2, 2))
    features = torch.ones(1, 1, 64, 1)
    trained = [cut.tail.train()(features) for _ in range(3)]
    assert not all(torch.equal(one, trained[0]) for one in trained)
    assert torch.equal(cut.tail.eval()(features), cut.tail(features))


class Deciding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        features = self.first(images.flatten(1))
        return self.last(features if features.sum() > 0 else -features)  # type: ignore[no-any-return]


class Counting(Deciding):
    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images.flatten(1))).reshape(images.shape[0], -1)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("network", "why"), [(Deciding(), "decides on its way"), (Counting(), "how many images")])
def test_what_cannot_be_cut_says_why(network: nn.Module, why: str) -> None:
    with pytest.raises(NotCutError, match=why):
        cut_network(network, {"first"}, (1, 2, 2))


def test_a_network_that_is_frozen_whole_has_nothing_to_learn() -> None:
    with pytest.raises(NotCutError, match="nothing of it learns"):
        cut_network(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), {"1"}, (1, 2, 2))


def test_chance_in_a_row_of_parts_without_weights_leaves_the_others_to_the_first_part() -> None:
    shape = NetShape(3, 3, 64, 64)
    network = with_grid_head(build_net("squeezenet1_0", shape), "squeezenet1_0", shape, 2).train()
    cut = cut_network(network, frozen_layers(network, 4, 64), (3, 64, 64))
    assert cut.numbers == 512 * 4  # pooled, and dropped in the second part
