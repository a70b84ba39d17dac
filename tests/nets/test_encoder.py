"""Encoders of every architecture, against their own word, timm's, and the whole networks."""

from typing import Any

import pytest
import timm
import torch
from tests.contracts.nets import ONE_OF_EACH, WITHOUT_MAPS, check_encoder

from convsight.errors import UserError
from convsight.nets.catalogue import build_net
from convsight.nets.dry_run.build import WithoutMemory
from convsight.nets.encoder import build_encoder, find_maps
from convsight.nets.entry import NetShape

SHAPE = NetShape(outputs=3, channels=3, height=100, width=132)
SQUARE = NetShape(outputs=3, channels=3, height=224, width=224)  # some take nothing else


@pytest.mark.parametrize("name", sorted(ONE_OF_EACH - WITHOUT_MAPS))
def test_maps_are_what_the_encoder_says(name: str) -> None:
    shape = SQUARE if name == "maxvit_t" else SHAPE
    with WithoutMemory():
        encoder = build_encoder(name, shape)
    check_encoder(name, encoder, shape.height, shape.width)
    assert encoder.strides[0] <= 4
    assert len(encoder.strides) >= (2 if name == "maxvit_t" else 4)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("resnet18", "resnet18"),
        ("resnet50", "resnet50"),
        ("wide_resnet50_2", "wide_resnet50_2"),
        ("regnet_y_400mf", "regnety_004"),
    ],
)
def test_channels_and_strides_are_timms(name: str, theirs: str) -> None:
    with WithoutMemory():
        encoder = build_encoder(name, SHAPE)
        known: Any = timm.create_model(theirs, features_only=True).feature_info
    assert list(encoder.strides) == known.reduction()
    assert list(encoder.channels) == known.channels()


@pytest.mark.parametrize("name", ["mlp", "perceptron", "timm/vit_tiny_patch16_224", *sorted(WITHOUT_MAPS)])
def test_networks_without_maps(name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name} has no maps of features .* such as resnet18, "):
        build_encoder(name, SQUARE)


def test_a_network_that_decides_on_its_way_is_named() -> None:
    with pytest.raises(UserError, match=r"^timm/mobilevit_xxs cannot be cut into an encoder"):
        find_maps("timm/mobilevit_xxs", SHAPE)


def test_images_that_the_network_does_not_take() -> None:
    with pytest.raises(UserError, match=r"^maxvit_t needs .* multiples of 224 px; 100 x 132 was asked"):
        build_encoder("maxvit_t", SHAPE)


def test_strides_that_the_network_does_not_have() -> None:
    with pytest.raises(UserError, match=r"^lenet5 has maps of strides 1, 2, 4, none of 8, 16$"):
        build_encoder("lenet5", SHAPE, [16, 8])


def test_some_strides_alone() -> None:
    encoder = build_encoder("resnet18", SHAPE, [32, 4])
    assert (encoder.strides, encoder.channels) == ((4, 32), (64, 512))
    assert [found.shape[1] for found in encoder(torch.zeros(1, 3, 100, 132))] == [64, 512]


def test_fixed_poolings_are_no_maps() -> None:
    # VGG's pooling to 7 x 7 looks like a stride of 32 at 224 px.
    assert find_maps("vgg11", NetShape(3, 3, 224, 224))[32].node == "features_20"


def test_fresh_weights_are_those_of_the_whole_network() -> None:
    torch.manual_seed(5)
    own = build_encoder("mobilenet_v3_small", SHAPE).net.state_dict()
    torch.manual_seed(5)
    whole = build_net("mobilenet_v3_small", SHAPE).state_dict()
    assert {name.partition(".")[0] for name in whole.keys() - own.keys()} == {"classifier"}
    assert all(torch.equal(value, whole[name]) for name, value in own.items())


def test_a_network_that_grows_its_maps_again_gives_the_finest_first() -> None:
    text = "conv 4 3x3 stride 8 padding 1 | transposed 6 2x2 stride 2 | globalavg | dense classes"
    encoder = build_encoder(text, SHAPE)
    assert (encoder.strides, encoder.channels) == ((4, 8), (6, 4))
