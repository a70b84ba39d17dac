"""What a Python program may give `predict` and `predict_many`."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.inputs import ImageInput, SequenceInput
from convsight.results import Label
from convsight.runtime.model import Model
from convsight.runtime.sources import web
from convsight.runtime.sources.held import batch_of


@pytest.fixture
def file(photos: Path) -> Path:
    return photos / "dark" / "0.png"


def pixels_of(file: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array(Image.open(file).convert("RGB"))


def test_one_image_in_every_form_is_predicted_alike(model: Model, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, pixels = file.read_bytes(), pixels_of(file)
    monkeypatch.setattr(web, "fetch", lambda url, *rest: content)
    planes = torch.from_numpy(pixels).permute(2, 0, 1)
    opened = file.open("rb")
    forms: list[Any] = [
        str(file), content, bytearray(content), memoryview(content), io.BytesIO(content), opened,
        Image.open(file), pixels, planes, planes / 255, torch.from_numpy(pixels), "https://example.org/cat.png",
    ]  # fmt: skip
    expected = model.predict(file)
    assert isinstance(expected, Label)
    for form in forms:
        found = model.predict(form)
        assert isinstance(found, Label), form
        np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    opened.close()


def test_lists_and_batches_give_a_list(model: Model, file: Path) -> None:
    pixels = pixels_of(file)
    expected = model.predict(file).to_json()["labels"][0]["name"]
    batches: list[Any] = [
        [file, pixels], (str(file), file.read_bytes()), np.stack([pixels] * 2),
        torch.from_numpy(np.stack([pixels] * 2)).permute(0, 3, 1, 2),
    ]  # fmt: skip
    for batch in batches:
        found: Any = model(batch)
        assert [each.name for each in found] == [expected] * 2
    assert model([]) == []
    assert isinstance(model(file), Label)


@pytest.mark.parametrize(
    ("shape", "images"),
    [((9, 20, 30), 9), ((9, 20, 30, 3), 9), ((20, 30), None), ((20, 30, 3), None), ((3, 20, 30), None),
     ((20, 30, 1), None), ((20, 30, 4), None)],
)  # fmt: skip
def test_which_arrays_are_batches_of_images(shape: tuple[int, ...], images: int | None) -> None:
    spec = ImageInput(height=8, width=8, mean=(0.5,) * 3, std=(0.2,) * 3)
    for array in (np.zeros(shape, np.uint8), torch.zeros(shape, dtype=torch.uint8)):
        found = batch_of(array, spec)
        assert images == (None if found is None else len(found))


def test_a_network_of_sequences_takes_tensors_as_they_are() -> None:
    spec = SequenceInput(channels=2, length=5, mean=(0.0,) * 2, std=(1.0,) * 2)
    assert batch_of(torch.zeros(2, 5), spec) is None
    found = batch_of(torch.zeros(7, 2, 5), spec)
    assert found is not None
    assert len(found) == 7


@pytest.mark.parametrize("wrong", [3, None, {"a": 1}, object(), pd.DataFrame({"path": ["a.png"]}), "x" * 5000])
def test_what_is_no_image_is_told_with_what_is(model: Model, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"give a path, a URL, the bytes of a file, .* PIL image, an array or a tensor"):
        model.predict(wrong)  # type: ignore[call-overload]


@pytest.mark.parametrize("wrong", [3, None, {"a": 1}, object()])
def test_what_holds_no_images_is_told_at_once(model: Model, wrong: object) -> None:
    with pytest.raises(TypeError, match="holds no images: give a list of images"):
        model.predict_many(wrong)


def test_a_wrong_one_among_many_is_told_at_its_turn(model: Model, file: Path) -> None:
    found = model.predict_many([file, 3])
    with pytest.raises(TypeError, match="an int is no image"):
        list(found)


def test_a_tensor_that_is_normalised_already_is_refused(model: Model) -> None:
    with pytest.raises(ImageError, match="without Normalize"):
        model.predict(torch.linspace(-2, 2, 3 * 64).reshape(3, 8, 8))


def test_a_file_that_is_open_as_text(model: Model) -> None:
    with pytest.raises(ImageError, match=re.escape("open(path, 'rb')")):
        model.predict(io.StringIO("text"))


def names(predictions: Iterator[Any]) -> list[str]:
    found = list(predictions)
    assert all(prediction.error is None for prediction in found)
    return [prediction.file for prediction in found]


def test_many_pictures_in_memory_tables_and_columns(model: Model, photos: Path, file: Path) -> None:
    pixels, other = pixels_of(file), photos / "bright" / "1.png"
    held = [pixels, Image.open(file), file, Image.fromarray(pixels)]
    assert names(model.predict_many(held)) == ["images[0]", str(file), str(file), "images[3]"]
    assert names(model.predict_many(pixels for _ in range(2))) == ["images[0]", "images[1]"]
    assert names(model.predict_many(np.stack([pixels] * 2))) == ["images[0]", "images[1]"]
    assert names(model.predict_many(Image.open(file))) == [str(file)]
    assert len(names(model.predict_many(photos))) == 20
    table = pd.DataFrame({"Path": [str(file), str(other)], "label": ["dark", "bright"]})
    assert names(model.predict_many(table)) == names(model.predict_many(table["Path"])) == [str(file), str(other)]


def test_a_row_whose_image_is_missing_is_told_in_its_place(model: Model, file: Path) -> None:
    first, second, third = model.predict_many(pd.DataFrame({"path": [str(file), "nowhere.png", str(file)]}))
    assert [first.error, third.error] == [None, None]
    assert "nowhere.png" in (second.error or "")
    with pytest.raises(TypeError, match="no column 'path', but 'picture'"):
        model.predict_many(pd.DataFrame({"picture": [str(file)]}))


def test_a_result_shows_and_saves_its_image(
    model: Model, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Image.Image] = []

    def show(image: Image.Image) -> bool:
        shown.append(image)
        return True

    monkeypatch.setattr("PIL.ImageShow.show", show)
    result = model.predict(file)
    result.show()
    assert isinstance(result, Label)
    assert shown[0].tobytes() == result.draw(Image.open(file).convert("RGB")).tobytes()
    with Image.open(result.at_least(0.5).save(tmp_path / "new" / "drawn.png")) as saved:
        assert saved.size == shown[0].size
    with pytest.raises(UserError, match=r"drawn\.xyz: the suffix says the format"):
        result.save(tmp_path / "drawn.xyz")


def test_what_many_predictions_keep_of_their_images(model: Model, file: Path, tmp_path: Path) -> None:
    [named], [held], [kept] = (
        list(model.predict_many(file)),
        list(model.predict_many([pixels_of(file)])),
        list(model.predict_many([pixels_of(file)], keep=True)),
    )
    assert named.image is None
    for found in (named, kept):
        assert found.result is not None
        assert found.result.save(tmp_path / "drawn.jpg").is_file()
    assert held.result is not None
    with pytest.raises(UserError, match="keep=True"):
        held.result.show()


def test_where_nothing_shows_images(model: Model, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageShow.show", lambda image: False)
    with pytest.raises(UserError, match=r"save\(path\)"):
        model.predict(file).show()


def test_a_model_says_what_it_is(model: Model) -> None:
    assert model.classes == tuple("0123456789")
    for part in ("classification: 10 classes", "14 x 14 px, grey", "lecture3", "test/accuracy 0."):
        assert part in repr(model)
