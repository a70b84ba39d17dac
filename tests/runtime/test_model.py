from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.results import Label
from convsight.runtime.model import Model
from convsight.runtime.sources import Item, read_sources


def probabilities(model: Model, source: object) -> np.ndarray:
    label = model.predict(source)  # type: ignore[call-overload]
    assert isinstance(label, Label)
    return label.probabilities


def test_every_kind_of_source_gives_the_same_prediction(model: Model, photos: Path) -> None:
    file = photos / "dark" / "0.png"
    pixels = np.asarray(Image.open(file))
    expected = probabilities(model, file)
    for source in (str(file), file.read_bytes(), Image.open(file), pixels):
        np.testing.assert_array_equal(probabilities(model, source), expected)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_many_files_are_answered_in_order_as_each_alone(model: Model, photos: Path, workers: int) -> None:
    files = sorted(photos.rglob("*.png"))
    predictions = list(model.predict_many(read_sources([photos] * 4), workers=workers))
    assert [prediction.file for prediction in predictions] == [str(file) for file in files * 4]
    for prediction in predictions:
        assert isinstance(prediction.result, Label)
        np.testing.assert_allclose(prediction.result.probabilities, probabilities(model, prediction.file), atol=1e-6)


def test_files_are_read_only_a_little_ahead(model: Model, photos: Path) -> None:
    taken = 0

    def endless() -> Iterator[Item]:
        nonlocal taken
        while True:
            taken += 1
            yield Item("again", lambda: photos / "dark" / "0.png")

    predictions = model.predict_many(endless(), workers=2)
    for _ in range(40):
        next(predictions)
    assert taken < 100
    predictions.close()


def test_a_bad_image_is_an_error_that_names_it(model: Model, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no image")
    with pytest.raises(ImageError, match=r"bad\.jpg"):
        model.predict(tmp_path / "bad.jpg")


def test_a_model_file_of_another_kind(tmp_path: Path, model: Model) -> None:
    from convsight.runtime.engines import engine_for

    with pytest.raises(UserError, match=r"ends in \.onnx, \.xml, \.safetensors, \.pt2, not"):
        engine_for(tmp_path / "model.tflite", model.card)
