"""Images of many channels over HTTP: they are answered, and drawn on three of their channels."""

import io
from collections.abc import Iterator
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from convsight.card import Card
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine
from convsight.inputs import ImageInput, SequenceInput
from convsight.runtime.model import Model
from convsight.runtime.original import original_picture
from convsight.serve.app import create_app
from convsight.serve.settings import ServeSettings
from convsight.targets import Classes
from convsight.tasks import task_of

CHANNELS = 13


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A server, in this process, of a network that was never trained."""
    spec = ImageInput(height=8, width=8, channels=CHANNELS, bits=16, mean=(0,) * CHANNELS, std=(1,) * CHANNELS)
    card = Card(
        task="classification",
        net="conv 4 3x3 | globalavg | dense classes",
        target=Classes(names=("a", "b")),
        input=spec,
    )
    task = task_of(card.task)
    engine = TorchEngine(task.graph(task.build(card), card), torch.device("cpu"))
    with TestClient(create_app({"bands": Model(card, engine)}, ServeSettings()), "http://localhost") as found:
        yield found


def test_a_prediction_is_drawn_on_the_first_three_channels() -> None:
    spec = ImageInput(height=8, width=8, channels=CHANNELS, bits=8, mean=(0,) * CHANNELS, std=(1,) * CHANNELS)
    array = np.zeros((8, 9, CHANNELS), np.uint8)
    array[..., 1] = 200
    picture = np.asarray(original_picture(spec, array, 100))
    assert picture.shape == (8, 9, 3)
    assert picture.reshape(-1, 3).tolist() == [[0, 200, 0]] * 72
    with pytest.raises(UserError, match="cannot be shown"):
        original_picture(SequenceInput(channels=2, length=5, mean=(0,) * 2, std=(1,) * 2), np.zeros((5, 2)), 100)


def content() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros((8, 8, CHANNELS), np.uint16))
    return file.getvalue()


def test_a_drawn_image_is_offered(client: TestClient) -> None:
    found = client.post("/predict", content=content(), headers={"Accept": "image/png"})
    assert found.status_code == 200
    assert Image.open(io.BytesIO(found.content)).mode == "RGB"


def test_an_archive_holds_what_can_be_had(client: TestClient) -> None:
    found = client.post("/predict", content=content(), headers={"Accept": "application/zip"})
    assert found.status_code == 200
    with ZipFile(io.BytesIO(found.content)) as archive:
        assert [name.rpartition(".")[2] for name in archive.namelist()] == ["json", "png"]
