"""Pretrained weights in detectors: real ones of a backbone, and files of torchvision's whole detectors."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.contracts.detectors import seeded
from torch import Tensor
from torchvision import models
from torchvision.models import detection

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.nets.catalogue import build_net
from convsight.nets.entry import NetShape
from convsight.targets import Classes
from convsight.tasks.detection.networks import NETWORKS
from convsight.tasks.detection.pretrained import adapt_detector, read_detector_weights

Folder = Callable[[str], Path]
SHAPE = NetShape(outputs=2, channels=3, height=64, width=64)


def test_squeezenets_weights_are_in_its_backbone(shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    weights = read_detector_weights("yolo-n+squeezenet1_0", str(file))
    model = NETWORKS.build("yolo-n+squeezenet1_0", SHAPE)
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


def test_grey_images_get_the_sum_of_the_colours(shared_data: Folder) -> None:
    file = shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors"
    grey = NetShape(outputs=2, channels=1, height=64, width=64)
    model = NETWORKS.build("yolo-n+squeezenet1_0", grey)
    notes = adapt_detector(
        model, "yolo-n+squeezenet1_0", grey, read_detector_weights("yolo-n+squeezenet1_0", str(file))
    )
    summed = load_file(file)["features.0.weight"].sum(dim=1, keepdim=True)
    torch.testing.assert_close(model.borrowed()["features.0.weight"], summed)
    assert "summed for 1" in notes[1]


def googlenets() -> dict[str, Tensor]:
    """As torchvision's file has them: with the heads that only its training used."""
    torch.manual_seed(9)
    return {**models.googlenet(weights=None, aux_logits=True, init_weights=False).state_dict()}


def vits() -> dict[str, Tensor]:
    """Under the names that torchvision's file still has."""
    torch.manual_seed(9)
    state = models.vit_b_16(weights=None).state_dict()
    return {key.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): state[key] for key in state}


def inceptions() -> dict[str, Tensor]:
    torch.manual_seed(9)
    return {**models.inception_v3(weights=None, aux_logits=True, init_weights=False).state_dict()}


@pytest.mark.parametrize(
    ("name", "side", "state", "odd", "last"),
    [
        ("locate+googlenet", 64, googlenets, "aux1.conv.conv.weight", "fc."),
        ("sliding-window+googlenet", 64, googlenets, "aux1.conv.conv.weight", "fc."),
        pytest.param("locate+vit_b_16", 224, vits, "mlp.linear_1.weight", "heads.head.", marks=pytest.mark.slow),
        ("locate+inception_v3", 96, inceptions, "AuxLogits.fc.weight", "fc."),
        ("yolo-n+googlenet", 64, googlenets, "aux1.conv.conv.weight", "fc."),
    ],
)
def test_torchvisions_files_of_backbones_fit_under_their_names(
    name: str, side: int, state: Callable[[], dict[str, Tensor]], odd: str, last: str, tmp_path: Path
) -> None:
    theirs = state()
    assert any(key.endswith(odd) for key in theirs)
    torch.save(theirs, tmp_path / "backbone.pth")
    shape = NetShape(outputs=2, channels=3, height=side, width=side)
    model = seeded(name, 0, shape)
    fresh = {key: value.clone() for key, value in model.borrowed().items() if key.startswith(last)}
    adapt_detector(model, name, shape, read_detector_weights(name, str(tmp_path / "backbone.pth")))
    present = {key.replace("mlp.linear_1.", "mlp.0.").replace("mlp.linear_2.", "mlp.3."): theirs[key] for key in theirs}
    own = model.borrowed()
    assert len(fresh) == (0 if name.startswith("yolo") else 2)
    assert all(torch.equal(value, fresh.get(key, present[key])) for key, value in own.items())
    assert len(own) > 100


def test_what_classifies_starts_fresh_even_where_it_has_as_many_numbers(tmp_path: Path) -> None:
    # Of five classes, nothing and a box, locate makes ten numbers, as many as lecture1 has classes.
    shape = NetShape(outputs=5, channels=3, height=48, width=48)
    save_file(build_net("lecture1", NetShape(10, 3, 48, 48)).state_dict(), tmp_path / "ten.safetensors")
    model = seeded("locate+lecture1", 0, shape)
    before = {key: value.clone() for key, value in model.borrowed().items()}
    theirs = load_file(tmp_path / "ten.safetensors")
    assert all(value.shape == theirs[key].shape for key, value in before.items())
    weights = read_detector_weights("locate+lecture1", str(tmp_path / "ten.safetensors"))
    notes = adapt_detector(model, "locate+lecture1", shape, weights)
    *deep, weight, bias = before
    assert all(torch.equal(model.borrowed()[key], theirs[key]) for key in deep)
    assert all(torch.equal(model.borrowed()[key], before[key]) for key in (weight, bias))
    assert notes[-1].startswith(f"{sum(before[key].numel() for key in deep):,} numbers of lecture1 are pretrained")


def test_a_network_of_windows_is_as_large_as_a_window(tmp_path: Path) -> None:
    # Its dense layers have as many numbers as a window of 48 px needs, whatever the size of the images.
    save_file(build_net("lenet5", NetShape(10, 3, 48, 48)).state_dict(), tmp_path / "some.safetensors")
    shape = NetShape(outputs=2, channels=3, height=64, width=96)
    model = seeded("sliding-window+lenet5", 0, shape)
    weights = read_detector_weights("sliding-window+lenet5", str(tmp_path / "some.safetensors"))
    adapt_detector(model, "sliding-window+lenet5", shape, weights)
    theirs, own = load_file(tmp_path / "some.safetensors"), model.borrowed()
    assert sum(torch.equal(own[key], value) for key, value in theirs.items()) == len(theirs) - 2


WHOLE = {
    "faster-rcnn+mobilenet_v3_large": (detection.fasterrcnn_mobilenet_v3_large_fpn, (0.485, 0.456, 0.406)),
    "ssdlite": (detection.ssdlite320_mobilenet_v3_large, (0.5, 0.5, 0.5)),
}


@pytest.mark.slow
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
    if classes == SHAPE.outputs:
        assert not other
        assert len(notes) == 1
    else:
        assert other
        assert all("cls" in key or "classification" in key or "bbox_pred" in key for key in other)
        assert notes[1].endswith("start fresh, for other classes")


@pytest.mark.slow
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


@pytest.mark.slow
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
    shape = NetShape(outputs=3, channels=3, height=64, width=64)
    trained = seeded("yolo-n", 1, shape)
    sides = ImageInput(height=64, width=64, fit="squash", mean=(0.5,) * 3, std=(0.25,) * 3)
    card = Card(task="detection", net="yolo-n", target=Classes(names=("a", "b", "c")), input=sides)
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
