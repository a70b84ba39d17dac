"""The limits of a proof: what may differ, and what may not."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, final

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card, Proof
from convsight.export.parity_check import ParityCheck, prove
from convsight.inputs import ImageInput
from convsight.results import Numbers
from convsight.runtime.engine import Engine
from convsight.targets import Classes
from convsight.tasks import reader_of
from convsight.tasks.reader import Metrics, Reader

CARD = Card(
    task="classification",
    net="level",
    target=Classes(names=("dark", "bright")),
    input=ImageInput(height=4, width=4, mean=(0, 0, 0), std=(1, 1, 1)),
)


class Level(Engine):
    """Answers bright by the first pixel, and after `turned` more images, dark by `shift` more."""

    name, precision, streams = "level", "float32", 1

    def __init__(self, shift: float = 0.0, turned: int = 0) -> None:
        self.shift, self.turned = shift, turned

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        bright = images[:, 0, 0, 0] / 255
        for row in range(min(self.turned, len(bright))):
            bright[row] -= self.shift
        self.turned = max(0, self.turned - len(bright))
        return {"probabilities": np.stack([1 - bright, bright], axis=1)}


def images(level: int) -> Iterator[NDArray[np.uint8]]:
    for _ in range(64):
        yield np.full((4, 4, 3), level, np.uint8)


def proof(engine: Engine, pixels: Literal["raw", "fitted"], limits: str, level: int = 128) -> Proof:
    check = ParityCheck(engine, pixels, limits)
    (found,) = prove(Level(), reader_of(CARD), CARD, [check], images(level))
    return found


@pytest.mark.parametrize(
    ("pixels", "limits", "shift", "turned", "holds"),
    [
        ("fitted", "float32", 0.0, 0, True),
        ("fitted", "float32", 0.004, 1, False),  # one prediction turned
        ("raw", "float32", 0.0, 0, True),
        ("raw", "float32", 0.004, 1, False),
        ("fitted", "bfloat16", 0.03, 1, True),
        ("fitted", "bfloat16", 0.03, 2, False),
        ("fitted", "bfloat16", 0.06, 1, False),  # a number too far off
        ("fitted", "int8", 0.4, 3, True),
        ("fitted", "int8", 0.4, 4, False),
    ],
)
def test_what_a_number_format_may_differ_by(
    pixels: Literal["raw", "fitted"], limits: str, shift: float, turned: int, holds: bool
) -> None:
    found = proof(Level(shift, turned), pixels, limits)
    assert found.holds == holds
    assert found.pictures == 64
    assert found.agreement == pytest.approx(1 - turned / 64)
    assert found.largest_difference == pytest.approx(shift if turned else 0, abs=1e-6)


def test_numbers_keep_their_limit_where_no_prediction_turns() -> None:
    found = proof(Level(0.02, 1), "raw", "float32", level=250)
    assert found.agreement == 1.0
    assert not found.holds


@final
class Sizes(Reader):
    """Tells the size that it was given, as width and height; boxes are read by it."""

    result = Numbers
    pipeline_tag = "none"
    plain_python = ""

    def __init__(self) -> None:
        super().__init__(CARD)
        self.told: list[tuple[int, ...]] = []

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        self.told.append(size)
        return Numbers(("width", "height"), ("px", "px"), np.array(size, np.float64), np.ones(2))

    def metrics(self) -> Metrics:
        raise NotImplementedError


def test_every_engine_is_read_by_the_width_and_height_of_the_original() -> None:
    sizes = [(5, 9), (12, 7), (8, 4)] * 4  # in two chunks
    images = [np.zeros((height, width, 3), np.uint8) for width, height in sizes]
    for checks in ([ParityCheck(Level(), "fitted", "float32")], [ParityCheck(Level(), "raw", "float32")]):
        reader = Sizes()
        (found,) = prove(Level(), reader, CARD, checks, iter(images))
        assert sorted(reader.told) == sorted(2 * sizes)
        assert found.holds


class NoNumbers(Engine):
    """Predictions that are none, as of a number format that overflowed."""

    name, precision, streams = "none", "bfloat16", 1

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        return {"probabilities": np.full((len(images), 2), np.nan)}


def test_an_engine_that_gives_no_numbers_only_fails() -> None:
    found = proof(NoNumbers(), "fitted", "bfloat16")
    assert found.agreement == 0.0
    assert not found.holds


FINDER = Card(
    task="detection",
    net="finder",
    target=Classes(names=("cell",)),
    input=ImageInput(height=32, width=32, mean=(0, 0, 0), std=(1, 1, 1)),
    calibration={"threshold/cell": 0.5},
)


class Finder(Engine):
    """Sees one thing in images that are not dark, and a shadow of it in those that are; or never anything.

    `shift` is how far from its place it sees it, as a share of the image.
    """

    name, precision, streams = "finder", "float32", 1

    def __init__(self, blind: bool = False, shift: float = 0.0) -> None:
        self.blind, self.shift = blind, shift

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        scores = np.where(images[:, 0, 0, :1] > 9, 0.9, 0.3) * (not self.blind)
        place = np.tile([0.2, 0.2, 0.6, 0.6], (len(images), 1, 1)) + self.shift
        return {"boxes": place, "scores": scores, "labels": np.zeros_like(scores)}


@pytest.mark.parametrize(("bright", "predictions"), [(64, 128), (1, 2), (0, 0)])
@pytest.mark.parametrize("limits", ["float32", "bfloat16"])
def test_images_where_nothing_is_to_be_found_prove_nothing(bright: int, predictions: int, limits: str) -> None:
    seen = [np.full((32, 32, 3), 99 if index < bright else 0, np.uint8) for index in range(64)]
    checks = [ParityCheck(Finder(), "fitted", limits), ParityCheck(Finder(blind=True), "fitted", limits)]
    same, blind = prove(Finder(), reader_of(FINDER), FINDER, checks, iter(seen))
    assert (same.holds, same.fails, same.answers, same.agreement) == (predictions > 0, False, predictions, 1.0)
    assert not blind.holds
    assert blind.fails


def test_the_only_box_of_all_images_is_the_only_prediction() -> None:
    seen = [np.full((32, 32, 3), 0 if index else 99, np.uint8) for index in range(64)]
    elsewhere = ParityCheck(Finder(shift=0.39), "fitted", "int8")
    (found,) = prove(Finder(), reader_of(FINDER), FINDER, [elsewhere], iter(seen))
    assert (found.answers, found.agreement, found.holds) == (2, 0.0, False)


class NumberReader(Reader):
    """Reads the first probability as a number that varies by thousands."""

    result = Numbers
    pipeline_tag, plain_python = "other", ""

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        return Numbers(("weight",), ("g",), arrays["probabilities"][:1] * 1000, np.array([2000.0]))

    def metrics(self) -> Metrics:
        raise NotImplementedError


@pytest.mark.parametrize(("shift", "holds"), [(0.018, True), (0.022, False)])
def test_numbers_differ_by_shares_of_their_scale(shift: float, holds: bool) -> None:
    check = ParityCheck(Level(shift, 1), "fitted", "float32")
    (found,) = prove(Level(), NumberReader(CARD), CARD, [check], images(128))
    assert found.largest_difference == pytest.approx(shift * 1000 / 2000)
    assert found.holds == holds


class Sized(Level):
    """Answers as `Level`, and notes the shape of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        self.shapes.append(images.shape)
        return super().run(images)


@pytest.mark.parametrize(("pixels", "shape"), [("raw", (1, 9, 9, 3)), ("fitted", (2, 4, 4, 3))])
def test_an_engine_is_given_originals_or_what_the_network_takes(
    pixels: Literal["raw", "fitted"], shape: tuple[int, ...]
) -> None:
    engine = Sized()
    originals = iter([np.full((9, 9, 3), 128, np.uint8)] * 2)
    prove(Level(), reader_of(CARD), CARD, [ParityCheck(engine, pixels, "float32")], originals)
    assert set(engine.shapes) == {shape}


def test_a_way_to_run_a_file_is_needed_unless_it_says_otherwise() -> None:
    assert ParityCheck(Level(), "raw", "float32").needed
