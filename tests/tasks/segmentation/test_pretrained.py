"""Pretrained weights in networks for segmentation: of the encoder, and files of torchvision's whole networks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tests.contracts.segmenters import awake, seeded
from torch import nn
from torchvision.models import segmentation

import convsight
from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.results import ClassMap
from convsight.tasks.segmentation.pretrained import adapt_segmenter, read_segmenter_weights

Folder = Callable[[str], Path]
SHAPE = NetShape(outputs=3, channels=3, height=64, width=96)


def test_weights_that_are_shipped_are_in_the_encoder() -> None:
    for name in ("unet+efficientnet_lite0", "smp/unet+tu-tf_efficientnet_lite0"):
        model = seeded(name)
        fresh = {key: value.clone() for key, value in model.state_dict().items()}
        encoder = "efficientnet_lite0" if name.startswith("unet") else "timm/tf_efficientnet_lite0"
        if name.startswith("unet"):
            weights = read_segmenter_weights(name, "imagenet")
            theirs = weights.tensors
        notes = adapt_segmenter(model, name, SHAPE, weights)
        assert notes[-1].endswith(f"numbers of {encoder} are pretrained; what tells pixels starts fresh")
        assert all(torch.equal(value, theirs[key]) for key, value in model.borrowed().items())
        assert any(torch.equal(value, fresh[key]) for key, value in model.state_dict().items())


def test_squeezenets_weights_fit_an_fcn(shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    model = seeded("fcn-8s+squeezenet1_0")
    adapt_segmenter(model, "fcn-8s+squeezenet1_0", SHAPE, read_segmenter_weights("fcn-8s+squeezenet1_0", str(file)))
    theirs = load_file(file)
    assert all(torch.equal(value, theirs[key]) for key, value in model.borrowed().items())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """torchvision's LR-ASPP for 21 classes, its answers loud, and the file that torchvision would write of it."""
    net = segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21).eval()
    donor = awake("lraspp").state_dict()
    own = net.state_dict()
    for key, value in own.items():
        given = donor[f"net.{key}"]
        value.copy_(given if given.shape == value.shape else torch.randn_like(value))
    file = tmp_path_factory.mktemp("weights") / "lraspp.pth"
    torch.save(own, file)
    return net, file


def test_a_whole_network_of_torchvision_begins_with_other_classes(whole: tuple[nn.Module, Path]) -> None:
    net, file = whole
    model = seeded("lraspp")
    notes = adapt_segmenter(model, "lraspp", SHAPE, read_segmenter_weights("lraspp", str(file)))
    assert "net.classifier.high_classifier, net.classifier.low_classifier start fresh, for other classes" in notes
    theirs = net.state_dict()
    same = [key for key, value in model.state_dict().items() if torch.equal(value, theirs[key.removeprefix("net.")])]
    assert len(same) == len(theirs) - 4
    other = "deeplabv3+mobilenet_v3_large"
    read = read_segmenter_weights(other, str(file))
    with pytest.raises(UserError, match="does not fit deeplabv3"):
        adapt_segmenter(seeded(other), other, SHAPE, read)


def test_a_whole_network_answers_as_in_torchvision(whole: tuple[nn.Module, Path]) -> None:
    net, file = whole
    model = convsight.load("lraspp_mobilenet_v3_large", weights=str(file), engine="torch")
    assert model.classes[:2] == ("background", "aeroplane")
    image = np.random.default_rng(0).integers(0, 256, (704, 704, 3), np.uint8)
    found = model.predict(Image.fromarray(image))
    assert isinstance(found, ClassMap)
    planes = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        expected = net((planes - mean) / std)["out"][0].argmax(0).numpy()
    assert (found.indices == expected).mean() > 0.999


def test_what_is_not_here_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(
        UserError, match=r"not on this machine: --download fetches them from https://.*deeplabv3_resnet50"
    ):
        convsight.load("deeplabv3_resnet50", weights="coco")


def test_an_encoder_of_its_own_has_no_weights() -> None:
    with pytest.raises(UserError, match=r"use a network of the catalogue: --net unet\+resnet18"):
        read_segmenter_weights("unet-s", "imagenet")
