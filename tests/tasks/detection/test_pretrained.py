"""Pretrained weights in detectors: real ones of a backbone, and files of torchvision's whole detectors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.contracts.detectors import seeded
from torchvision.models import detection

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.nets.entry import NetShape
from convsight.pictures import Preprocessing
from convsight.tasks.detection.networks import build_detector
from convsight.tasks.detection.pretrained import adapt_detector, read_detector_weights

pytestmark = pytest.mark.slow

Folder = Callable[[str], Path]
SHAPE = NetShape(classes=2, channels=3, height=64, width=64)


def test_squeezenets_weights_are_in_its_backbone(shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    weights = read_detector_weights("yolo-n+squeezenet1_0", str(file))
    model = build_detector("yolo-n+squeezenet1_0", SHAPE)
    notes = adapt_detector(model, "yolo-n+squeezenet1_0", SHAPE, weights)
    own, theirs = model.borrowed(), load_file(file)
    # 0.735 million numbers without those of the classifier.
    assert sum(value.numel() for value in own.values()) == 735_424
    assert all(torch.equal(value, theirs[name]) for name, value in own.items())
    assert weights.mean == (0.485, 0.456, 0.406)
    assert notes[-1] == "735,424 numbers of squeezenet1_0 are pretrained; what finds boxes starts fresh"


@pytest.mark.parametrize("name", ["locate+squeezenet1_0", "sliding-window+squeezenet1_0"])
def test_classifiers_take_all_but_the_last_layer(name: str, shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    model = seeded(name, 0, SHAPE)
    fresh = model.borrowed()["classifier.1.weight"].clone()
    adapt_detector(model, name, SHAPE, read_detector_weights(name, str(file)))
    theirs = load_file(file)
    for key, value in model.borrowed().items():
        assert torch.equal(value, fresh if key == "classifier.1.weight" else theirs[key]) or key == "classifier.1.bias"


def test_grey_pictures_get_the_sum_of_the_colours(shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    grey = NetShape(classes=2, channels=1, height=64, width=64)
    model = build_detector("yolo-n+squeezenet1_0", grey)
    notes = adapt_detector(
        model, "yolo-n+squeezenet1_0", grey, read_detector_weights("yolo-n+squeezenet1_0", str(file))
    )
    summed = load_file(file)["features.0.weight"].sum(dim=1, keepdim=True)
    torch.testing.assert_close(model.borrowed()["features.0.weight"], summed)
    assert "summed for 1" in notes[1]


WHOLE = {
    "faster-rcnn+mobilenet_v3_large": (detection.fasterrcnn_mobilenet_v3_large_fpn, (0.485, 0.456, 0.406)),
    "ssdlite": (detection.ssdlite320_mobilenet_v3_large, (0.5, 0.5, 0.5)),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("classes", [2, 5])
def test_torchvisions_whole_detector_fits(name: str, classes: int, tmp_path: Path) -> None:
    build, mean = WHOLE[name]
    torch.manual_seed(9)
    theirs = build(weights=None, weights_backbone=None, num_classes=classes + 1).state_dict()
    torch.save(theirs, tmp_path / "whole.pth")
    weights = read_detector_weights(name, str(tmp_path / "whole.pth"))
    model = seeded(name, 0, SHAPE)
    notes = adapt_detector(model, name, SHAPE, weights)
    assert weights.mean == mean
    own = {key.removeprefix("net."): value for key, value in model.state_dict().items()}
    other = {key for key, value in own.items() if not torch.equal(value, theirs[key])}
    if classes == SHAPE.classes:
        assert not other
        assert len(notes) == 1
    else:
        assert other
        assert all("cls" in key or "classification" in key or "bbox_pred" in key for key in other)
        assert notes[1].endswith("start fresh, for other classes")


def test_names_of_older_files(tmp_path: Path) -> None:
    name = "faster-rcnn+mobilenet_v3_large"
    build, _ = WHOLE[name]
    theirs = build(weights=None, weights_backbone=None, num_classes=3).state_dict()
    old = {}
    for key, value in theirs.items():
        older = key.replace("rpn.head.conv.0.0.", "rpn.head.conv.")
        if "fpn" in key:
            older = older.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
        old[older] = value
    assert old.keys() != theirs.keys()
    torch.save(old, tmp_path / "whole.pth")
    model = seeded(name, 0, SHAPE)
    adapt_detector(model, name, SHAPE, read_detector_weights(name, str(tmp_path / "whole.pth")))
    assert all(torch.equal(value, theirs[key.removeprefix("net.")]) for key, value in model.state_dict().items())


def test_a_whole_detector_with_a_tensor_too_few_is_refused(tmp_path: Path) -> None:
    theirs = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3).state_dict()
    theirs.pop("backbone.features.0.0.0.weight")
    theirs["backbone.features.0.0.1.weight"] = torch.zeros(7)
    theirs["backbone.strange"] = torch.zeros(1)
    torch.save(theirs, tmp_path / "whole.pth")
    weights = read_detector_weights("ssdlite", str(tmp_path / "whole.pth"))
    with pytest.raises(
        UserError, match=r"fit ssdlite: .*backbone.strange, backbone.features.0.0.0.weight, .*0.1.weight"
    ):
        adapt_detector(seeded("ssdlite", 0, SHAPE), "ssdlite", SHAPE, weights)


def test_a_model_of_ours_goes_on_with_other_classes(tmp_path: Path) -> None:
    shape = NetShape(classes=3, channels=3, height=64, width=64)
    trained = seeded("yolo-n", 1, shape)
    sides = Preprocessing(height=64, width=64, fit="squash", mean=(0.5,) * 3, std=(0.25,) * 3)
    card = Card(task="detection", net="yolo-n", classes=("a", "b", "c"), preprocessing=sides)
    file = tmp_path / "model.safetensors"
    save_file(trained.state_dict(), file, {METADATA_KEY: card.model_dump_json()})
    model = seeded("yolo-n", 2, SHAPE)
    notes = adapt_detector(model, "yolo-n", SHAPE, read_detector_weights("yolo-n", str(file)))
    kept = [key for key, value in model.state_dict().items() if torch.equal(value, trained.state_dict()[key])]
    assert len(kept) == len(model.state_dict()) - 6
    assert notes[1] == (
        "net.heads.0.classes.1, net.heads.1.classes.1, net.heads.2.classes.1 start fresh, for other classes"
    )
    with pytest.raises(UserError, match="holds the network yolo-n, not yolo-s: use --net yolo-n"):
        read_detector_weights("yolo-s", str(file))


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("yolo-n", "imagenet", r"^yolo-n has a backbone of its own.* --net yolo-n\+resnet18"),
        ("yolo-n", "missing.pth", r"^yolo-n has a backbone of its own"),
        ("yolo-n+small", "imagenet", "^there are no pretrained weights for small"),
        ("ssdlite", "missing.pth", "missing.pth: there is no such file"),
    ],
)
def test_weights_that_are_not_there(name: str, weights: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_detector_weights(name, weights)


def test_imagenets_weights_are_not_ssdlites(tmp_path: Path) -> None:
    save_file({"features.0.0.weight": torch.zeros(16, 3, 3, 3)}, tmp_path / "some.safetensors")
    weights = read_detector_weights("ssdlite", str(tmp_path / "some.safetensors"))
    with pytest.raises(UserError, match="does not fit ssdlite: give torchvision's weights of the whole detector"):
        adapt_detector(seeded("ssdlite", 0, SHAPE), "ssdlite", SHAPE, weights)
