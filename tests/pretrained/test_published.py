"""Networks as their libraries offer them, against these libraries' own pipelines on real photos."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.datasets import load_sample_image
from torch import nn
from torchvision.models import get_model, get_model_weights

import convsight
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.nets.entry import NetShape
from convsight.nets.shipped_weights import EFFICIENTNET_LITE0
from convsight.pretrained import published
from convsight.pretrained.published import find_published, published_network
from convsight.results import Boxes, Label
from convsight.tasks.detection.faster_rcnn import FasterRcnn
from convsight.tasks.detection.torchvision_detectors import TORCHVISION_DETECTORS, coco_weights

DATA: Any = import_module("timm.data")  # which has no types


def lively(net: nn.Module) -> nn.Module:
    """The network with weights large enough for answers that differ."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * (2 / max(1, parameter[0].numel())) ** 0.5)
    return net.eval()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.fromarray(load_sample_image("china.jpg"))


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """torchvision's network and the file that torchvision would write of it."""
    net = lively(get_model("squeezenet1_1", weights=None))
    file = tmp_path_factory.mktemp("weights") / "squeezenet1_1.pth"
    torch.save(net.state_dict(), file)
    return net, file


def probabilities(result: Any) -> np.ndarray[Any, Any]:
    assert isinstance(result, Label)
    return np.asarray(result.probabilities)


def test_a_file_of_torchvisions_answers_as_torchvision_does(
    squeezenet: tuple[nn.Module, Path], photo: Image.Image
) -> None:
    net, file = squeezenet
    weights = get_model_weights("squeezenet1_1").DEFAULT
    with torch.inference_mode():
        expected = net(weights.transforms()(photo)[None]).softmax(1)[0].numpy()
    model = convsight.load("squeezenet1_1", weights=str(file))
    found = probabilities(model.predict(photo))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert expected.max() > 0.01
    assert model.classes == tuple(weights.meta["categories"])
    spec = model.card.input
    assert isinstance(spec, ImageInput)
    assert (spec.height, spec.width, spec.shorter, spec.filter) == (224, 224, 256, "bilinear")


def test_imagenet_is_what_the_training_half_ships_prepared_as_timm_does(photo: Image.Image) -> None:
    net = timm.create_model("tf_efficientnet_lite0").eval()
    net.load_state_dict(EFFICIENTNET_LITE0.read(net.state_dict()))
    prepare = DATA.create_transform(**DATA.resolve_data_config({}, model=net))
    with torch.inference_mode():
        expected = net(prepare(photo)[None]).softmax(1)[0].numpy()
    model = convsight.load("imagenet")
    np.testing.assert_allclose(probabilities(model.predict(photo)), expected, atol=1e-5)
    best = model.classes[int(expected.argmax())]
    info = DATA.ImageNetInfo()
    assert best in info.index_to_description(int(expected.argmax()))  # one vocabulary, in one order


def test_the_classes_of_other_parts_of_imagenet_are_timms() -> None:
    _, found = find_published("timm/convnext_tiny.fb_in22k")
    classes = found.weights[0].classes
    assert classes is not None
    names = classes()
    assert len(names) == len(set(names)) == 21_841


def test_real_weights_answer_real_photos_as_in_torchvision(shared_data: Any) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    net = get_model("squeezenet1_0", weights=None)
    net.load_state_dict(load_file(file))
    prepare = get_model_weights("squeezenet1_0").DEFAULT.transforms()
    model = convsight.load("squeezenet1_0", weights=str(file))
    for each in sorted((shared_data("cats_dogs") / "val" / "cat").iterdir())[:6]:
        with torch.inference_mode():
            expected = net.eval()(prepare(Image.open(each).convert("RGB"))[None]).softmax(1)[0].numpy()
        np.testing.assert_allclose(probabilities(model.predict(each)), expected, atol=1e-5)


def test_what_is_not_here_is_not_fetched_unless_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    asked: list[str] = []

    def fetch(url: str, *_: Any, **__: Any) -> None:
        asked.append(url)
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    with pytest.raises(UserError, match=r"not on this machine: --download fetches them from https://.*vgg16.*FILE"):
        published_network("vgg16")
    assert not asked
    with pytest.raises(UserError, match=r"bring the file vgg16-397923af\.pth"):
        published_network("vgg16", download=True).model()
    assert len(asked) == 1


def test_the_library_tells_its_weights_apart_by_the_digest_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, found = find_published("resnet50")
    assert [each.source for each in found.weights] == ["torchvision IMAGENET1K_V2", "torchvision IMAGENET1K_V1"]
    file = tmp_path / "renamed.pth"
    torch.save({"one": torch.zeros(1)}, file)
    older = found.weights[1]
    digits = published.sha256_of(file)[:8]
    known = found._replace(weights=(found.weights[0], older.__class__(**{**vars(older), "digits": digits})))
    monkeypatch.setattr(published, "find_published", lambda _: (task, known))
    network = published_network("resnet50", str(file))
    assert isinstance(network.card.input, ImageInput)
    assert (network.card.input.shorter, network.notes) == (256, ())
    torch.save({"two": torch.zeros(1)}, file)
    network = published_network("resnet50", str(file))
    assert isinstance(network.card.input, ImageInput)
    assert network.card.input.shorter == 232
    assert "taken to be those of torchvision IMAGENET1K_V2" in network.notes[0]


@pytest.mark.parametrize(
    ("name", "weights", "told"),
    [
        ("resnet18", "FILE", "does not fit resnet18"),
        ("squeezenet1_1", "IMAGENET1K_V9", "unknown weights .*IMAGENET1K_V1"),
        ("squeezenet1_1", "weights/best.pth", "there is no such file"),
        ("sqeezenet1_1", "imagenet", "squeezenet1_1"),
        ("torchvision/small", None, "torchvision has no weights"),
        ("small", "imagenet", "convsight card FILE --net small"),
        ("timm/vit_base_patch16_clip_224.openai", "imagenet", "does not say the names of the classes"),
    ],
)
def test_what_cannot_be_is_told(squeezenet: tuple[nn.Module, Path], name: str, weights: str | None, told: str) -> None:
    given = str(squeezenet[1]) if weights == "FILE" else weights
    with pytest.raises(UserError, match=told):
        published_network(name, given, download=True).model()


def test_other_classes_are_told_with_the_verb_that_names_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.pth"
    torch.save(get_model("squeezenet1_1", weights=None, num_classes=7).state_dict(), file)
    with pytest.raises(UserError, match=r"7x512x1x1 .* in the file.*convsight card .*mine.pth --net squeezenet1_1"):
        published_network("squeezenet1_1", str(file)).model()


def test_a_detector_of_torchvisions_answers_as_torchvision_does(tmp_path: Path) -> None:
    """At its own size, of one class at a time surest: with random weights boxes of all classes lie on one another."""
    theirs = lively(get_model("ssdlite320_mobilenet_v3_large", weights=None, weights_backbone=None))
    file = tmp_path / "ssdlite.pth"
    torch.save(theirs.state_dict(), file)
    pixels = np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8)
    with torch.inference_mode():
        [expected] = theirs([torch.from_numpy(pixels).permute(2, 0, 1) / 255])
    model = convsight.load("torchvision/ssdlite320_mobilenet_v3_large", weights=str(file))
    assert model.card.task == "detection"
    assert model.classes[:2] == ("person", "bicycle")
    assert model.classes[11] == "N/A (12)"
    assert len(set(model.classes)) == 90
    found = model.predict(pixels)
    assert isinstance(found, Boxes)
    best = int(found.scores.argmax())
    np.testing.assert_allclose(found.scores[best], expected["scores"][0].item(), rtol=1e-4)
    np.testing.assert_allclose(found.xyxy[best], expected["boxes"][0].numpy(), atol=0.05)
    assert found.labels[best] + 1 == expected["labels"][0]


def test_every_listed_detector_is_one_of_ours_with_torchvisions_tensors() -> None:
    for name in TORCHVISION_DETECTORS:
        task, found = find_published(f"torchvision/{name}")
        assert task == "detection"
        assert found.weights[0].place.endswith(".pth")
        assert found.weights[0].size is not None
    with pytest.raises(UserError, match="retinanet_resnet50_fpn"):
        find_published("torchvision/retinanet_resnet50_fpn")


def test_faster_rcnns_weights_were_trained_without_an_epsilon() -> None:
    norm = "backbone.body.bn1.running_var"
    loaded = coco_weights("fasterrcnn_resnet50_fpn").as_loaded({norm: torch.tensor([0.5]), "other": torch.ones(1)})
    layer = FasterRcnn("resnet50", NetShape(90, 3, 320, 320)).net.backbone.body.bn1
    assert loaded[norm] + layer.eps == 0.5
    assert loaded["other"] == 1
