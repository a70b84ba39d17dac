from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convsight
from convsight.errors import UserError
from convsight.pictures import PictureError
from convsight.results import Label
from convsight.runtime.files import picture_files
from convsight.runtime.model import Model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("runs") / "digits"
    convsight.train("digits", net="lecture3", size=14, epochs=1, run=str(path), quiet=True, export=False)
    return convsight.load(path)


def probabilities(model: Model, source: object) -> np.ndarray:
    label = model.predict(source)  # type: ignore[arg-type]
    assert isinstance(label, Label)
    return label.probabilities


def test_every_kind_of_source_gives_the_same_answer(model: Model, photos: Path) -> None:
    file = photos / "dark" / "0.png"
    pixels = np.asarray(Image.open(file))
    expected = probabilities(model, file)
    for source in (str(file), file.read_bytes(), Image.open(file), pixels):
        np.testing.assert_array_equal(probabilities(model, source), expected)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_many_files_are_answered_in_order_as_each_alone(model: Model, photos: Path, workers: int) -> None:
    files = picture_files([photos]) * 4
    answers = list(model.predict_files(files, workers=workers))
    assert [answer.file for answer in answers] == [str(file) for file in files]
    for answer, file in zip(answers, files, strict=True):
        assert isinstance(answer.result, Label)
        np.testing.assert_allclose(answer.result.probabilities, probabilities(model, file), atol=1e-6)


def test_files_are_read_only_a_little_ahead(model: Model, photos: Path) -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield photos / "dark" / "0.png"

    answers = model.predict_files(endless(), workers=2)  # type: ignore[arg-type]
    for _ in range(40):
        next(answers)
    assert taken < 200


def test_a_bad_picture_is_an_error_that_names_it(model: Model, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no picture")
    with pytest.raises(PictureError, match=r"bad\.jpg"):
        model.predict(tmp_path / "bad.jpg")


def test_folders_give_their_pictures_and_files_themselves(photos: Path) -> None:
    (photos / "notes.txt").write_text("no picture")
    files = picture_files([photos / "dark" / "3.png", photos])
    assert files[0].name == "3.png"
    assert len(files) == 21
    with pytest.raises(UserError, match="nowhere"):
        picture_files([photos / "nowhere"])
    (photos / "empty").mkdir()
    with pytest.raises(UserError, match="no pictures"):
        picture_files([photos / "empty"])


def test_a_model_file_of_another_kind(tmp_path: Path, model: Model) -> None:
    from convsight.runtime.engines import engine_for

    with pytest.raises(UserError, match=r"ends in \.onnx, \.xml, \.safetensors, not '\.tflite'"):
        engine_for(tmp_path / "model.tflite", model.card)
