"""Tiles that are blended equal the whole picture, where a network sees no farther than the overlap allows."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.results import ClassMap, InvalidOutputError
from convsight.runtime.batch_results import predictions
from convsight.runtime.blended import HeldRows, Tiles, blended_strips
from convsight.runtime.engine import Engine
from convsight.runtime.model import Model
from convsight.targets import Palette
from convsight.tasks import reader_of

CLASSES = ("low", "middle", "high")


class Means(Engine):
    """Classes by the mean of a window of so many pixels a side, zeros outside of what it is given."""

    name = "means"
    precision = "float32"

    def __init__(self, window: int, streams: int = 1) -> None:
        self.window = window
        self.streams = streams
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.shapes.append(inputs.shape)
        grey = inputs[..., 0].astype(np.float64) / 255
        means = ndimage.uniform_filter(grey, (0, self.window, self.window), mode="constant")
        raw = np.exp(-40 * (means[:, None] - np.array([0.3, 0.5, 0.7])[:, None, None]) ** 2)
        return {"probabilities": (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)}


def spec(overlap: int = 32, height: int = 64, width: int = 64) -> ImageInput:
    side = {"height": height, "width": width}
    return ImageInput(**side, fit="tile", overlap=overlap, channels=3, mean=(0,) * 3, std=(1,) * 3)


def card(image: ImageInput) -> Card:
    return Card(task="segmentation", net="unet-s", target=Palette.of(CLASSES), input=image)


def picture(height: int, width: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).random((height, width))
    smooth = ndimage.gaussian_filter(noise, 6)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return np.repeat(np.rint(255 * smooth).astype(np.uint8)[..., None], 3, axis=2)


def whole(engine: Engine, pixels: NDArray[Any]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = engine.run(pixels[None])["probabilities"][0]
    return found


def blended(engine: Engine, image: ImageInput, pixels: NDArray[Any], first: int = 0) -> NDArray[np.float32]:
    loaded = image.load(pixels)
    held = HeldRows(loaded.array, loaded.size)
    strips = list(blended_strips(engine, "probabilities", held, Tiles(image, held.size), first))
    assert all(a.top + a.values.shape[1] == b.top for a, b in pairwise(strips))
    return np.concatenate([strip.values for strip in strips], axis=1)


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (200, 150), (65, 300), (97, 64), (129, 131)])
def test_tiles_equal_the_whole(height: int, width: int, streams: int) -> None:
    pixels, engine = picture(height, width), Means(17, streams)  # reaches 8 px, a quarter of the overlap
    np.testing.assert_allclose(blended(engine, spec(), pixels), whole(engine, pixels), atol=2e-6)


def test_without_an_overlap_seams_are_seen() -> None:
    pixels, engine = picture(200, 200), Means(17)
    assert np.abs(blended(engine, spec(0), pixels) - whole(engine, pixels)).max() > 0.1


def test_tiles_need_not_be_square() -> None:
    pixels, engine = picture(150, 210), Means(17)
    found = blended(engine, spec(32, 64, 96), pixels)
    np.testing.assert_allclose(found, whole(engine, pixels), atol=2e-6)
    assert {shape[1:3] for shape in engine.shapes[:-1]} == {(64, 96)}


@pytest.mark.parametrize("first", range(6))
def test_strips_from_any_row_of_tiles_on_have_the_same_bits(first: int) -> None:
    pixels, image, engine = picture(203, 150), spec(), Means(61)
    everything = blended(engine, image, pixels)
    starts = Tiles(image, (150, 203)).down.starts
    assert len(starts) == 6
    assert blended(engine, image, pixels, first).tobytes() == everything[:, starts[first] :].tobytes()


def test_pictures_smaller_than_a_tile_have_black_borders_that_are_cut_off_again() -> None:
    pixels, engine = picture(40, 100), Means(17)
    padded = np.zeros((64, 100, 3), np.uint8)
    padded[:40] = pixels
    np.testing.assert_allclose(blended(engine, spec(), pixels), whole(engine, padded)[:, :40], atol=2e-6)


@pytest.mark.parametrize("size", [(150, 203), (30, 20), (64, 64)])
def test_the_map_of_a_picture_is_that_of_its_blended_probabilities(size: tuple[int, int]) -> None:
    pixels, image = picture(size[1], size[0]), spec()
    loaded = image.load(pixels)
    [found] = predictions(Means(17), reader_of(card(image)), [loaded.array], [loaded.size])
    expected = blended(Means(17), image, pixels)
    assert isinstance(found, ClassMap)
    assert found.scores is not None
    np.testing.assert_array_equal(found.indices, expected.argmax(axis=0))
    np.testing.assert_allclose(found.scores, expected.max(axis=0), atol=1e-3)


def test_pictures_of_several_sizes_are_predicted_in_one_call() -> None:
    image = spec()
    loaded = [image.load(picture(*sides)) for sides in ((70, 90), (20, 200))]
    found = predictions(Means(17), reader_of(card(image)), [each.array for each in loaded], [(90, 70), (200, 20)])
    assert [result.indices.shape for result in found if isinstance(result, ClassMap)] == [(70, 90), (20, 200)]


class Coarse(Means):
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {name: values[:, :, ::2, ::2] for name, values in super().run(inputs).items()}


class Nan(Means):
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {name: values * np.nan for name, values in super().run(inputs).items()}


@pytest.mark.parametrize(("engine", "reason"), [(Coarse(17), "not a value a pixel"), (Nan(17), "must lie in 0..1")])
def test_a_network_that_gives_no_probabilities_has_no_prediction(engine: Engine, reason: str) -> None:
    image = spec()
    loaded = image.load(picture(100, 100))
    with pytest.raises(InvalidOutputError, match=reason):
        list(predictions(engine, reader_of(card(image)), [loaded.array], [loaded.size]))


def test_a_picture_that_is_too_large_is_told_how_to_be_mapped() -> None:
    """Only where tiles are blended: other networks are shown a picture as a whole."""
    pixels = Image.fromarray(picture(60, 50))
    shown_whole = ImageInput(height=64, width=64, channels=3, mean=(0,) * 3, std=(1,) * 3)
    for taken, by_rows in ((spec(), True), (shown_whole, False)):
        [found] = Model(card(taken), Means(3)).predict_many([pixels], max_megapixels=1e-3)
        assert found.error is not None
        assert "raise it with --max-megapixels" in found.error
        assert ("--out map.tif" in found.error) is by_rows
