"""`pull torchvision/NET` and `predict NET --weights`, at the command line."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from tests.command import within
from torchvision.models import get_model, get_model_weights

from convsight.model_files import read_card


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo and a file of torchvision's weights."""
    folder = tmp_path_factory.mktemp("place")
    torch.manual_seed(0)
    torch.save(get_model("squeezenet1_1", weights=None).state_dict(), folder / "weights.pth")
    Image.fromarray(load_sample_image("china.jpg")).save(folder / "china.png")
    return folder


def test_a_pulled_network_answers_as_it_does_out_of_its_library(place: Path) -> None:
    pulled = within("pull", "torchvision/squeezenet1_1", "--weights", "weights.pth", cwd=place)
    assert pulled.returncode == 0, pulled.stderr
    assert "runs/squeezenet1_1: squeezenet1_1, 1,000 classes" in pulled.stdout
    card = read_card(place / "runs" / "squeezenet1_1" / "model.safetensors")
    assert card.target.names == tuple(get_model_weights("squeezenet1_1").DEFAULT.meta["categories"])
    of_folder = within("predict", "squeezenet1_1", "china.png", "--format", "json", cwd=place)
    named = within(
        "predict", "torchvision/squeezenet1_1", "china.png", "--format", "json", "--weights", "weights.pth", cwd=place
    )
    assert named.returncode == of_folder.returncode == 0, named.stderr
    assert named.stdout == of_folder.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("predict", "vgg11", "china.png"), "name of a network, which needs weights: --weights imagenet or FILE"),
        (("predict", "china.png", "--weights", "weights.pth"), "name images to predict"),
        (("predict", "china.png", "china.png", "--weights", "weights.pth"), "goes with the name of a network"),
        (("predict", "imagenet", "china.png", "--engine", "openvino"), "convsight pull imagenet"),
        (("predict", "imagenet", "china.png", "--precision", "int8"), "float32 or bfloat16, not int8"),
        (("pull", "ada/shapes", "--weights", "weights.pth"), "goes with torchvision/NET"),
        (("pull", "imagenet", "--revision", "main"), "--revision main is of the hub"),
        (("evaluate", "imagenet"), "give the data to judge it on"),
    ],
)
def test_what_does_not_belong_together_is_told(place: Path, arguments: tuple[str, ...], told: str) -> None:
    found = within(*arguments, cwd=place)
    assert found.returncode == 2
    assert told in found.stderr
