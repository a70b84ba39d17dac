"""FCN: interpolation by transposed convolution, and VGG's dense layers as convolutions."""

import pytest
import torch
from tests.contracts.segmenters import seeded
from torch.nn import functional as F

from convsight.nets.entry import NetShape
from convsight.tasks.segmentation.fcn import Dense, Doubled, Fcn


def test_scores_are_enlarged_bilinearly_before_anything_is_learnt() -> None:
    scores = torch.randn(2, 3, 5, 7)
    found = Doubled(3)(scores)
    expected = F.interpolate(scores, scale_factor=2, mode="bilinear", align_corners=False)
    assert found.shape == expected.shape
    # Beyond the border there is nothing, where interpolation repeats the last cell.
    torch.testing.assert_close(found[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1])


def test_dense_layers_are_the_same_as_convolutions() -> None:
    torch.manual_seed(0)
    layers = Dense(4).eval()
    maps = torch.randn(1, 4, 7, 7)
    borrowed = layers.borrowed()
    assert borrowed.keys() == {f"classifier.{place}.{kind}" for place in (0, 3) for kind in ("weight", "bias")}
    hidden = F.relu(F.linear(maps.flatten(1), borrowed["classifier.0.weight"], borrowed["classifier.0.bias"]))
    expected = F.relu(F.linear(hidden, borrowed["classifier.3.weight"], borrowed["classifier.3.bias"]))
    with torch.no_grad():
        torch.testing.assert_close(layers(maps)[:, :, 3, 3], expected, rtol=1e-4, atol=1e-5)


def test_what_is_borrowed_of_dense_layers_fills_the_convolutions() -> None:
    layers = Dense(4)
    layers.borrowed()["classifier.0.weight"].fill_(0.25)
    assert set(layers.state_dict()["0.weight"].unique().tolist()) == {0.25}


@pytest.mark.parametrize(("stride", "maps"), [(32, 1), (16, 2), (8, 3)])
def test_finer_maps_add_to_what_coarser_ones_say(stride: int, maps: int) -> None:
    net = seeded(f"fcn-{stride}s+mobilenet_v3_small")
    assert isinstance(net, Fcn)
    assert len(net.finer_scores) == maps - 1
    assert net.encoder.strides == tuple(one for one in (8, 16, 32) if one >= stride)
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert not net.eval()(images).any()  # scores begin at zero, as in the paper
        for layer in (net.score, *net.finer_scores):
            torch.nn.init.normal_(layer.get_parameter("weight"))
        whole = net(images)
        assert whole.any()
        for place, level in enumerate(net.finer_scores):
            torch.nn.init.zeros_(level.get_parameter("weight"))
            assert not torch.equal(net(images), whole), place
            whole = net(images)


def test_the_maps_after_vgg_are_those_behind_its_poolings() -> None:
    with torch.device("meta"):
        net = Fcn(8, "vgg16_bn", NetShape(3, 3, 64, 64))
        sides = [tuple(level.shape[1:]) for level in net.encoder.eval()(torch.empty(1, 3, 64, 96))]
    assert sides == [(256, 8, 12), (512, 4, 6), (512, 2, 3)]
