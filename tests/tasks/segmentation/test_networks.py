"""Every network for segmentation by its contract, its names, and the numbers of its paper."""

import pytest
import torch
from tests.contracts.segmenters import SHAPE, SegmenterContract, images, parameters, seeded

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.tasks.segmentation.networks import NETWORKS, check_segmenter, encoder_of

# The smallest encoders of each; the networks themselves are as they are used.
_SMALL = {
    "unet": "unet+squeezenet1_1",
    "unet-s": "unet-s",
    "fcn-32s": "fcn-32s+mobilenet_v3_small",
    "fcn-16s": "fcn-16s+squeezenet1_1",
    "fcn-8s": "fcn-8s+conv 8 3x3 stride 2 relu | conv 8 3x3 stride 4 relu | conv 8 3x3 stride 2 relu | globalavg | "
    "dense classes",
    "segnet": "segnet+vgg11_bn",
    "deeplabv3": "deeplabv3+mobilenet_v3_large",
    "lraspp": "lraspp",
}


def test_every_network_of_ours_and_torchvisions_is_checked() -> None:
    assert _SMALL.keys() == {name for name in NETWORKS if not (name.startswith("smp/") or NETWORKS.entry(name).volumes)}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*_SMALL.values(), "smp/fpn+resnet18", "smp/unet+tu-tf_efficientnet_lite0"])
class TestSegmenters(SegmenterContract):
    pass


@pytest.mark.parametrize("name", ["fcn-8s+squeezenet1_1", "lraspp"])
def test_some_are_checked_always(name: str) -> None:
    contract = SegmenterContract()
    contract.test_logits_have_the_sides_of_the_images(name, 1, 70, 45)
    contract.test_what_is_taught_reaches_every_parameter(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("smp/")])
def test_those_of_segmentation_models_pytorch_answer_for_any_side(name: str) -> None:
    net = seeded(name).eval()
    with torch.no_grad():
        for height, width in ((128, 160), (150, 129)):
            assert net(images(NetShape(3, 3, height, width))).shape == (2, 3, height, width)


# Of the papers where they say so, with our number of classes where the head alone differs; else of torchvision's page.
@pytest.mark.parametrize(
    ("name", "outputs", "expected"),
    [
        ("unet", 2, None),
        # VGG16 without its last layer, and 1x1 to 21 classes; the paper says 134 million.
        ("fcn-32s", 21, 14_714_688 + (7 * 7 * 512 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 21),
        # Two more maps are scored, and enlarged twice by kernels of 4x4.
        ("fcn-16s", 21, 134_346_581 + (512 + 1) * 21 + 21 * 16),
        ("fcn-8s", 21, 134_346_581 + (512 + 1) * 21 + (256 + 1) * 21 + 2 * 21 * 16),
        ("deeplabv3", 21, 42_004_074),
        ("deeplabv3+resnet101", 21, 60_996_202),
        ("deeplabv3+mobilenet_v3_large", 21, 11_029_328),
        ("lraspp", 21, 3_221_538),
    ],
)
def test_parameters_are_those_that_are_published(name: str, outputs: int, expected: int | None) -> None:
    net = build_without_memory(NETWORKS.entry(name), NetShape(outputs, 3, 256, 256))
    if expected is not None:
        assert parameters(net) == expected


def test_names_with_encoders_are_known() -> None:
    assert NETWORKS.canonical("fcn-8s+vgg16") == "fcn-8s"
    assert NETWORKS.canonical("smp/unet+resnet18") == "smp/unet"
    assert NETWORKS.canonical("smp/unet+tu-resnet10t") == "smp/unet+tu-resnet10t"
    assert encoder_of("smp/unet+tu-resnet10t") == "timm/resnet10t"
    assert encoder_of("smp/unet") == "resnet18"
    assert encoder_of("unet-s") == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smp/unett", "unknown net 'smp/unett'; did you mean smp/unet"),
        ("smp/unet+resnet81", "unknown encoder of segmentation_models_pytorch 'resnet81'; did you mean resnet18"),
        (
            "segnet+resnet18",
            "segnet comes after vgg11_bn or vgg13_bn or vgg16_bn or vgg19_bn alone, not after 'resnet18'",
        ),
        ("deeplabv3+vgg16", "deeplabv3 comes after resnet50 or"),
    ],
)
def test_unknown_names_are_told(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        NETWORKS.canonical(name)


def test_an_encoder_that_does_not_go_with_a_decoder_is_told() -> None:
    with pytest.raises(UserError, match=r"smp/pan cannot come after vgg11: .VGG. models do not support dilated mode"):
        NETWORKS.build("smp/pan+vgg11", SHAPE)


def test_images_that_are_too_small_are_refused() -> None:
    with pytest.raises(UserError, match=r"smp/pan cannot work on images of 64 x 64 px: .*; try a larger --size"):
        check_segmenter("smp/pan", NetShape(3, 3, 64, 64))


def test_a_network_without_the_coarsest_map_is_told() -> None:
    with pytest.raises(UserError, match="squeezenet1_1 has maps of strides 2, 4, 8, 16, none of 32"):
        NETWORKS.build("fcn-32s+squeezenet1_1", SHAPE)
