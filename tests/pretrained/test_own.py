"""A card on weights of one's own, and the model folder that it makes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import within
from torchvision.models import get_model
from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

import convsight
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.pretrained.own import OwnImages, own_network, read_classes
from convsight.results import Label

CLASSES = "ant,bee,wasp"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A network of three classes and the file of its weights, as its training wrote it."""
    torch.manual_seed(0)
    net = get_model("squeezenet1_1", weights=None, num_classes=3).eval()
    file = tmp_path_factory.mktemp("mine") / "insects.pth"
    torch.save({"epoch": 7, "state_dict": {f"module.{name}": value for name, value in net.state_dict().items()}}, file)
    return net, file


def test_the_folder_answers_as_the_network_and_every_verb_takes_it(mine: tuple[Any, Path], tmp_path: Path) -> None:
    net, file = mine
    pixels = np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8)
    picture = Image.fromarray(pixels)
    for name in ("ant", "bee"):
        (tmp_path / "data" / name).mkdir(parents=True)
        picture.save(tmp_path / "data" / name / "one.png")
        picture.rotate(90).save(tmp_path / "data" / name / "two.png")
    (tmp_path / "names.txt").write_text("ant\nbee\nwasp\n")
    told = within(
        *("card", file, "--net", "squeezenet1_1", "--classes", "names.txt", "--to", "model"),
        *("--size", "60", "--shorter", "70", "--mean", "0.5,0.5,0.5", "--std", "0.25 0.25 0.25"),
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stderr
    assert "model: squeezenet1_1, 3 classes" in told.stdout
    assert "'module.' is taken off names" in told.stderr
    cut = center_crop(resize(picture, 70), [60, 60])
    with torch.inference_mode():
        expected = net(((pil_to_tensor(cut) / 255 - 0.5) / 0.25)[None]).softmax(1)[0].numpy()
    found = convsight.load(tmp_path / "model").predict(picture)
    assert isinstance(found, Label)
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    judged = within("evaluate", "model", "data", "--format", "json", cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr
    assert '"test/accuracy"' in judged.stdout
    pushed = within("push", "model", "./pushed", cwd=tmp_path)
    assert pushed.returncode == 0, pushed.stderr
    page = (tmp_path / "pushed" / "README.md").read_text()
    assert "with the weights of insects.pth" in page
    assert "shorter side has 70 px" in page
    assert "it was not trained here" in page


@pytest.mark.slow
def test_its_exported_graph_is_proven_on_raw_images(mine: tuple[Any, Path], tmp_path: Path) -> None:
    for index in range(4):
        noise = np.random.default_rng(index).integers(0, 256, (120 + 30 * index, 160, 3), np.uint8)
        (tmp_path / "data").mkdir(exist_ok=True)
        Image.fromarray(noise).resize((500, 300 + 100 * index)).save(tmp_path / "data" / f"{index}.png")
    carded = within("card", mine[1], "--net", "squeezenet1_1", "--classes", CLASSES, "--to", "model", cwd=tmp_path)
    assert carded.returncode == 0, carded.stderr
    exported = within("export", "model", "--data", "data", "--format", "json", cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    assert '"holds": true' in exported.stdout
    assert '"holds": false' not in exported.stdout.split("bfloat16")[0]


@pytest.mark.parametrize(
    ("net", "classes", "images", "told"),
    [
        ("squeezenet1_1", "ant,bee", {}, "3x512x1x1 float32 in the file, 2x512x1x1"),
        ("resnet18", CLASSES, {}, "does not fit resnet18"),
        ("squeezenet1_1", CLASSES, {"shorter": 200}, "must hold the 224 x 224 px"),
        ("squeezenet1_1", CLASSES, {"fit": "pad", "shorter": 256}, "of --fit crop"),
        ("squeezenet1_1", CLASSES, {"mean": "0.5"}, "belong together"),
        ("squeezenet1_1", CLASSES, {"mean": "half", "std": "1"}, "--mean half: give numbers"),
        ("squeezenet1_1", CLASSES, {"mean": "0.5,0.5", "std": "1"}, "as many means and stds"),
        ("squeezenet1_1", CLASSES, {"mean": "0.5,0.5,0.5", "std": "1,0,1"}, "must be positive"),
        ("small", CLASSES, {}, "nobody says what images small was trained on"),
        ("squeezenet1_7", CLASSES, {}, "squeezenet1_1"),
    ],
)
def test_what_does_not_belong_together_is_told(
    mine: tuple[Any, Path], net: str, classes: str, images: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        own_network(mine[1], net, read_classes(classes), OwnImages(**images)).model()


def test_other_sizes_and_fits_are_no_longer_the_librarys_cut(mine: tuple[Any, Path]) -> None:
    for images, expected in (
        (OwnImages(), (224, 256)),
        (OwnImages(size=128), (128, None)),
        (OwnImages(fit="squash"), (224, None)),
        (OwnImages(size=227, shorter=256), (227, 256)),
    ):
        spec = own_network(mine[1], "squeezenet1_1", read_classes(CLASSES), images).card.input
        assert isinstance(spec, ImageInput)
        assert (spec.height, spec.shorter) == expected


@pytest.mark.parametrize(
    ("words", "told"), [("ant,,bee", "name 2 is empty"), ("ant,bee,ant", "ant is there twice"), ("ant", "one name")]
)
def test_names_of_classes_are_checked(words: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        read_classes(words)


def test_a_file_with_a_card_needs_none(mine: tuple[Any, Path], tmp_path: Path) -> None:
    made = within("card", mine[1], "--net", "squeezenet1_1", "--classes", CLASSES, "--to", "model", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    file = tmp_path / "model" / "model.safetensors"
    again = within("card", file, "--net", "squeezenet1_1", "--classes", CLASSES, "--to", "other", cwd=tmp_path)
    assert (again.returncode, (tmp_path / "other").exists()) == (2, False)
    assert "has a card already" in again.stderr
    there = within("card", mine[1], "--net", "squeezenet1_1", "--classes", CLASSES, "--to", "model", cwd=tmp_path)
    assert there.returncode == 2
    assert "is there already" in there.stderr
