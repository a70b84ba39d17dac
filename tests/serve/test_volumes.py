"""Volumes over HTTP: they are answered in JSON, drawn as slices, and with their masks in the format that was sent."""

import io
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient
from tests.stacks import write_pages
from tests.volume_files import ball, nibabel, write_volume

from convsight.card import Card
from convsight.export.torch_engine import TorchEngine
from convsight.inputs import VolumeInput
from convsight.runtime.model import Model
from convsight.serve.app import create_app
from convsight.serve.settings import ServeSettings
from convsight.targets import Palette
from convsight.tasks import task_of

SHAPE = (7, 8, 9)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A server, in this process, of a network that was never trained."""
    spec = VolumeInput(depth=8, height=8, width=8, channels=1, bits=32, mean=(0.5,), std=(0.3,), own_range=True)
    card = Card(task="segmentation", net="unet-3d-s", target=Palette.of(("air", "bone")), input=spec)
    task = task_of(card.task)
    torch.manual_seed(0)
    engine = TorchEngine(task.graph(task.build(card).eval(), card), torch.device("cpu"))
    with TestClient(create_app({"volumes": Model(card, engine)}, ServeSettings()), "http://localhost") as found:
        yield found


@pytest.fixture(scope="module")
def nifti(tmp_path_factory: pytest.TempPathFactory) -> Path:
    affine = np.array([[-1.1, 0, 0, 31.5], [0, 0, 1.3, -7.25], [0, 0.9, 0.0, 2], [0, 0, 0, 1]])
    return write_volume(tmp_path_factory.mktemp("nifti") / "a.nii.gz", ball((9, 7, 8), 3)[0], affine)


def test_a_nifti_file_is_answered_drawn_and_its_mask_lies_on_it(
    client: TestClient, nifti: Path, tmp_path: Path
) -> None:
    sent = {"files": ("a.nii.gz", nifti.read_bytes())}
    answer = client.post("/predict", files=sent).json()["answers"][0]
    assert answer["mask"] == {"depth": 7, "height": 8, "width": 9}
    drawn = client.post("/predict", files=sent, headers={"Accept": "image/png"})
    image = Image.open(io.BytesIO(drawn.content))
    assert drawn.headers["content-type"] == "image/png"
    assert min(image.size) > 200
    packed = client.post("/predict", files=sent, headers={"Accept": "application/zip"})
    with ZipFile(io.BytesIO(packed.content)) as archive:
        [mask] = [name for name in archive.namelist() if name.endswith("mask.nii.gz")]
        (tmp_path / "mask.nii.gz").write_bytes(archive.read(mask))
    back, own = nibabel.load(tmp_path / "mask.nii.gz"), nibabel.load(nifti)
    assert back.affine.tobytes() == own.affine.tobytes()
    assert back.shape == own.shape


def test_a_tiff_of_pages_is_answered_with_one(client: TestClient, tmp_path: Path) -> None:
    voxels = (ball(SHAPE, 3)[0] + 100).clip(0, 255).astype(np.uint8)
    sent = {"files": ("a.tif", write_pages(tmp_path / "a.tif", voxels).read_bytes())}
    packed = client.post("/predict", files=sent, headers={"Accept": "application/zip"})
    with ZipFile(io.BytesIO(packed.content)) as archive:
        [mask] = [name for name in archive.namelist() if name.endswith("mask.tif")]
        with Image.open(io.BytesIO(archive.read(mask))) as image:
            assert (getattr(image, "n_frames", 1), image.size) == (7, (9, 8))


def test_a_volume_of_four_axes_is_refused_by_name(client: TestClient, tmp_path: Path) -> None:
    four = write_volume(tmp_path / "four.nii", np.zeros((2, 3, 4, 5), np.float32))
    answer = client.post("/predict", files={"files": ("four.nii", four.read_bytes())})
    assert "has 4 axes (2 x 3 x 4 x 5); expected three" in answer.text
