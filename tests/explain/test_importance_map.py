"""A map as Python and notebooks have it, and its files."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.band_files import write_bands
from tests.explain.bright_model import bright_model

import convsight
from convsight.errors import UserError
from convsight.explain.importance_map import SUFFIXES, ImportanceMap
from convsight.explain.method import Scale
from convsight.inputs import SequenceInput
from convsight.run import Run
from convsight.runtime.model import Model

VALUES = np.array([[0.0, 0.5, np.nan], [1.0, -0.25, np.nan]])
MAP = ImportanceMap(VALUES, VALUES[:, :2], "occlusion", "score", True, "cat", 0.75, "probability")
PICTURE = Image.new("RGB", (3, 2), (10, 20, 30))


def test_a_few_numbers_far_out_do_not_hide_the_others() -> None:
    values = np.full((100, 100), 0.1)
    values[0, :20], values[5, 5] = 1.0, 50.0  # 21 of 10,000

    def made(scale: Scale, numbers: NDArray[np.float64]) -> ImportanceMap:
        return ImportanceMap(numbers, numbers, "saliency", scale, False, "cat", 0.75, "probability")

    assert made("relative", values).end == pytest.approx(0.1)
    assert made("score", values).end == 50
    assert made("relative", np.linspace(0, 1, 10_000).reshape(100, 100)).end == 1
    assert made("relative", np.where(values == 50, values, 0)).end == 50  # else all would be
    assert (np.asarray(made("relative", values).alone()) == 255).all()


def test_its_files_hold_what_it_is() -> None:
    files = MAP.files(PICTURE)
    assert tuple(files) == SUFFIXES
    np.testing.assert_array_equal(np.load(io.BytesIO(files["npy"])), VALUES.astype(np.float32))
    document = json.loads(files["json"])
    assert document["range"] == [-0.25, 1.0]
    assert document["size"] == [3, 2]
    assert document["signed"] is True
    assert document["seen"] == pytest.approx(2 / 3)
    assert (document["method"], document["about"], document["score"]) == ("occlusion", "cat", 0.75)
    assert Image.open(io.BytesIO(files["map.png"])).size == (3, 2)
    assert Image.open(io.BytesIO(files["png"])).width >= 200


def test_it_is_drawn_on_its_own_picture_alone() -> None:
    with pytest.raises(UserError, match="the picture of this map is not kept"):
        MAP.draw()
    with pytest.raises(UserError, match="a picture of 3 x 2 px; this one has 2 x 3"):
        MAP.draw(PICTURE.transpose(Image.Transpose.ROTATE_90))
    assert MAP._repr_png_() is None


def test_the_words_have_the_verdict_and_the_unit() -> None:
    assert MAP.words == ["occlusion: cat", "probability 0.75", "scale in probability"]
    judged = ImportanceMap(
        VALUES, VALUES, "saliency", "relative", False, "cat", 0.7512, "probability", {}, {"verdict": "undecided"}
    )
    assert judged.words == ["saliency: cat", "probability 0.751", "relative scale", "undecided"]


def test_a_loaded_model_explains_whatever_predict_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = bright_model(16)
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[2:6, 8:12] = 255
    file = tmp_path / "a.png"
    Image.fromarray(pixels).save(file)
    one = convsight.explain(model, file, target="bright", window=4, stride=4)
    # Of an array its number of axes says whether it is a batch, which no type does.
    batch: Any = convsight.explain(model, np.stack([pixels, pixels]), target="bright", window=4, stride=4)
    several = convsight.explain(model, [file, pixels, file.read_bytes()], target="bright", window=4, stride=4)
    assert [len(batch), len(several)] == [2, 3]
    for found in (*batch, *several):
        np.testing.assert_array_equal(found.values, one.values)
    assert one.save(tmp_path / "drawn.jpg").stat().st_size > 1000
    np.testing.assert_array_equal(np.load(one.save(tmp_path / "map.npy")), one.values.astype(np.float32))
    seen: list[Image.Image] = []
    monkeypatch.setattr("convsight.explain.importance_map.show_image", seen.append)
    one.show()
    assert seen[0].size == one.draw().size
    notebook = one._repr_png_()
    assert notebook is not None
    assert Image.open(io.BytesIO(notebook)).size == one.draw().size


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    model, picture = bright_model(16), np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(UserError, match="unknown class 'brigth'; did you mean bright"):
        convsight.explain(model, picture, target="brigth")
    with pytest.raises(UserError, match="unknown method 'oclusion'; did you mean occlusion"):
        convsight.explain(model, picture, method="oclusion")
    with pytest.raises(UserError, match="--layer does nothing for occlusion"):
        convsight.explain(model, picture, layer="conv1")
    with pytest.raises(UserError, match="gradients need the weights of this model"):
        convsight.explain(model, picture, method="saliency")
    with pytest.raises(UserError, match=r"are for convsight\.load, which made this model"):
        convsight.explain(model, picture, engine="onnxruntime")
    with pytest.raises(UserError, match=r"ends in \.png or \.jpg"):
        convsight.explain(model, picture).save(tmp_path / "map.xyz")


def test_a_loaded_run_has_gradients_and_a_tensor_is_a_picture(photos_run: Run, photos: Path) -> None:
    model, file = convsight.load(photos_run.path), photos / "dark" / "0.png"
    with Image.open(file) as image:
        tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        found = convsight.explain(model, [file, image, tensor], method="gradcam", target="bright")
    named = convsight.explain(photos_run.path, file, method="gradcam", target="bright")
    for each in found:
        np.testing.assert_allclose(each.values, named.values, atol=1e-6)
    assert found[1].draw().size == named.draw().size


def test_many_bands_and_grey_are_explained_and_drawn(tmp_path: Path) -> None:
    bands = np.full((8, 8, 5), 10, np.uint16)
    bands[2:4, 4:6] = 1000
    file = write_bands(tmp_path / "bands.tif", bands)
    model = bright_model(8, channels=5, bits=16, low=0.0, high=1000.0, mean=(0.0,) * 5, std=(1.0,) * 5)
    found = convsight.explain(model, file, target="bright", window=2, stride=2)
    row, column = np.unravel_index(np.nanargmax(found.values), found.values.shape)
    assert (row in {2, 3}, column in {4, 5}) == (True, True)
    assert found.draw().width >= 200
    grey = np.zeros((8, 8), np.uint8)
    grey[2:4, 4:6] = 255
    Image.fromarray(grey).save(tmp_path / "grey.png")
    found = convsight.explain(bright_model(8), tmp_path / "grey.png", target="bright", window=2, stride=2)
    assert found.values[3, 5] == found.values.max() > 0
    assert found.draw().mode == "RGB"


def test_what_cannot_be_explained_is_refused() -> None:
    sequence = SequenceInput(length=16, channels=2, mean=(0.0,) * 2, std=(1.0,) * 2)
    model = bright_model(16)
    card = model.card.model_copy(update={"input": sequence})
    with pytest.raises(UserError, match="that the network sees as a whole, not of sequences of 16 steps"):
        convsight.explain(Model(card, model.engine), np.zeros((16, 2), np.float32))
    with pytest.raises(UserError, match="that the network sees as a whole, not of tiles"):
        convsight.explain(bright_model(16, fit="tile"), np.zeros((20, 20, 3), np.uint8))
