"""Last layers told of cells of a grid: the cells are PyTorch's, and nothing else of the network changes."""

import pytest
import torch
from torch.nn import functional as F

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.nets.dry_run.build import WithoutMemory
from convsight.nets.grid_head import GridMeans, with_grid_head
from convsight.nets.weights import Weights, adapt_weights

TEXT = "conv 4 3x3 same | batchnorm | relu | globalavg | dense classes"


@pytest.mark.parametrize(("height", "width"), [(7, 7), (13, 13), (8, 5), (3, 4), (2, 9)])
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_cells_are_those_of_adaptive_pooling(height: int, width: int, cells: int) -> None:
    maps = torch.randn(2, 5, height, width, generator=torch.Generator().manual_seed(0))
    expected = F.adaptive_avg_pool2d(maps, cells).flatten(1) / cells**2
    torch.testing.assert_close(GridMeans(cells)(maps), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(GridMeans(cells, keep=True)(maps), expected[:, :, None, None], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "side", "inputs", "head"),
    [
        (TEXT, 9, 4, "dense1"),
        ("resnet18", 96, 512, "fc"),
        ("squeezenet1_0", 64, 512, "classifier.1"),  # a convolution before its mean becomes a dense layer after it
        ("efficientnet_lite0", 96, 1280, "classifier"),
        ("timm/resnet10t", 96, 512, "fc"),
    ],
)
def test_the_last_layer_sees_cells_and_all_else_stays(name: str, side: int, inputs: int, head: str) -> None:
    shape = NetShape(5, 3, side, side)
    torch.manual_seed(0)
    plain = build_net(name, shape)
    torch.manual_seed(0)
    network = with_grid_head(build_net(name, shape), name, shape, 3)
    assert network.training
    before, after = plain.state_dict(), network.state_dict()
    assert before.keys() == after.keys()
    assert tuple(after[f"{head}.weight"].shape) == (5, inputs * 9)
    assert all(torch.equal(value, after[key]) for key, value in before.items() if not key.startswith(f"{head}."))
    with WithoutMemory():
        described = with_grid_head(build_net(name, shape), name, shape, 3)
    assert {key: value.shape for key, value in described.state_dict().items()} == {
        key: value.shape for key, value in after.items()
    }


def test_a_layer_with_the_same_weights_in_each_cell_answers_as_the_plain_one() -> None:
    shape = NetShape(3, 3, 8, 8)  # of which two cells a side are equally large
    plain = build_net(TEXT, shape).eval()
    network = with_grid_head(build_net(TEXT, shape), TEXT, shape, 2).eval()
    state = plain.state_dict()
    state["dense1.weight"] = state["dense1.weight"].repeat_interleave(4, dim=1)
    network.load_state_dict(state)
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(network(images), plain(images), rtol=1e-4, atol=1e-5)


def test_what_is_elsewhere_is_another_feature() -> None:
    maps = torch.zeros(1, 1, 4, 4)
    maps[..., :2] = 1
    assert GridMeans(2)(maps).tolist() == [[0.25, 0, 0.25, 0]]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("vgg11", "does not end in a mean"),  # of cells, and two more dense layers
        ("mobilenet_v3_small", "does not end in a mean"),  # another dense layer is between
        ("vit_b_16", "does not end in a mean"),
        ("conv 4 3x3 | globalmax | dense classes", "does not end in a mean"),
        ("resnet18", "the last maps of resnet18 are 2 x 2: give at most 2, or larger images"),
    ],
)
def test_where_it_cannot_be_it_says_so(name: str, why: str) -> None:
    side = 224 if name == "vit_b_16" else 64
    shape = NetShape(5, 3, side, side)
    with WithoutMemory(), pytest.raises(UserError, match=why):
        with_grid_head(build_net(name, shape), name, shape, 3)


@pytest.mark.parametrize(("of_file", "ours", "note"), [(1, 3, "other cells"), (3, 1, "other cells"), (3, 3, "")])
def test_weights_for_other_cells_leave_the_last_layer_fresh(of_file: int, ours: int, note: str) -> None:
    shape = NetShape(5, 3, 12, 12)

    def built(cells: int) -> torch.nn.Module:
        network = build_net(TEXT, shape)
        return network if cells == 1 else with_grid_head(network, TEXT, shape, cells)

    given, network = built(of_file).state_dict(), built(ours)
    fresh = {key: value.clone() for key, value in network.state_dict().items()}
    notes = adapt_weights(network, TEXT, Weights("made", given, None, None, of_file), 3, ours)
    for key, value in network.state_dict().items():
        expected = fresh[key] if note and key.startswith("dense1") else given[key]
        assert torch.equal(value, expected), key
    assert note in notes[-1]
    assert len(notes) == (2 if note else 1)
