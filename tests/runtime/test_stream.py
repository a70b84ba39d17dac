"""The pipeline with an engine that tells what it was given."""

import threading
import time
from collections.abc import Iterator
from typing import Any, final

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card
from convsight.images import ImageError, Source
from convsight.inputs import ImageInput
from convsight.results import Label
from convsight.runtime.engine import Engine
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources import Item
from convsight.runtime.stream import BATCH, Decoding, stream
from convsight.targets import Classes
from convsight.tasks import reader_of

PREPROCESSING = ImageInput(height=2, width=2, mean=(0, 0, 0), std=(1, 1, 1))
READER = reader_of(
    Card(task="classification", net="none", target=Classes(names=("rest", "level")), input=PREPROCESSING)
)


@final
class Mirror(Engine):
    """Predictions with the grey level of each image."""

    name = "mirror"
    precision = "float32"

    def __init__(self, streams: int = 1, pause_s: float = 0.0) -> None:
        self.streams = streams
        self.pause_s = pause_s
        self.batches: list[int] = []
        self.at_once = self.most_at_once = 0

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        self.batches.append(len(images))
        time.sleep(self.pause_s)
        level = images[:, 0, 0, 0] / 255
        self.at_once -= 1
        return {"probabilities": np.stack([1 - level, level], axis=1)}


def grey(level: int) -> Source:
    return np.full((2, 2), level, np.uint8)


def item(number: int) -> Item:
    def load() -> Source:
        if number % 7 == 3:
            raise ImageError(f"image {number} is damaged")
        time.sleep(0.002 * (number % 3 == 0))  # the others overtake it
        return grey(number)

    return Item(str(number), load)


def level(prediction: Prediction) -> int:
    assert isinstance(prediction.result, Label)
    return round(float(prediction.result.probabilities[1]) * 255)


@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.parametrize("streams", [1, 3])
def test_order_is_kept_and_bad_images_stand_in_their_place(workers: int, streams: int) -> None:
    engine = Mirror(streams, pause_s=0.001)
    found = list(stream(engine, READER, map(item, range(200)), Decoding(PREPROCESSING, workers)))
    assert [prediction.file for prediction in found] == [str(n) for n in range(200)]
    for number, prediction in enumerate(found):
        if number % 7 == 3:
            assert prediction.error == f"image {number} is damaged"
        else:
            assert level(prediction) == number
    assert max(engine.batches) <= BATCH
    assert engine.most_at_once <= streams


def test_a_fast_source_is_answered_in_full_batches() -> None:
    engine = Mirror(pause_s=0.02)
    items = (Item("a", lambda: grey(1)) for _ in range(200))
    assert len(list(stream(engine, READER, items, Decoding(PREPROCESSING, 2)))) == 200
    assert engine.batches.count(BATCH) > 15


def test_each_image_of_a_slow_source_is_answered_at_once() -> None:
    predicted = threading.Event()

    def slow() -> Iterator[Item]:
        for number in range(3):
            yield Item(str(number), lambda: grey(5))
            assert predicted.wait(20), "the next image was asked for, and the one before not predicted"
            predicted.clear()

    engine = Mirror()
    for _ in stream(engine, READER, slow(), Decoding(PREPROCESSING, 1)):
        predicted.set()
    assert engine.batches == [1, 1, 1]


def test_batches_of_a_steady_stream_have_one_size() -> None:
    engine = Mirror()
    decoding = Decoding(PREPROCESSING, 2, steady=True)
    found = list(stream(engine, READER, map(item, range(60)), decoding))
    assert [level(prediction) for prediction in found if prediction.result] == [n for n in range(60) if n % 7 != 3]
    assert set(engine.batches) == {BATCH}


def test_streams_run_at_once() -> None:
    engine = Mirror(streams=2, pause_s=0.02)
    items = (Item("a", lambda: grey(1)) for _ in range(100))
    assert len(list(stream(engine, READER, items, Decoding(PREPROCESSING, 2)))) == 100
    assert engine.most_at_once == 2


def test_no_images() -> None:
    assert list(stream(Mirror(), READER, iter([]), Decoding(PREPROCESSING))) == []


def test_a_source_that_breaks_off_is_answered_before_the_error_is_raised() -> None:
    def breaking() -> Iterator[Item]:
        yield from map(item, range(3))
        raise OSError("the disk is gone")

    found = stream(Mirror(), READER, breaking(), Decoding(PREPROCESSING))
    assert [level(next(found)) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(found)


def test_an_error_of_the_engine_or_of_our_own_ends_the_stream() -> None:
    def bug() -> Source:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(stream(Mirror(), READER, iter([Item("a", bug)]), Decoding(PREPROCESSING)))
    engine = Mirror()
    engine.run = lambda images: {}  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        list(stream(engine, READER, iter([item(0)]), Decoding(PREPROCESSING)))


def test_a_network_that_gives_no_number_says_so_in_the_place_of_the_image() -> None:
    def run(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        level = images[:, 0, 0, 0] / np.where(images[:, 0, 0, 0] == 1, np.nan, 255)
        return {"probabilities": np.stack([1 - level, level], axis=1)}

    engine = Mirror()
    engine.run = run  # type: ignore[method-assign]
    first, second, third = stream(engine, READER, map(item, range(3)), Decoding(PREPROCESSING))
    assert second.error is not None
    assert second.error.startswith("1: the network gives no prediction: probabilities must be")
    assert (level(first), level(third)) == (0, 2)


def test_threads_end_with_the_stream() -> None:
    before = threading.active_count()
    for taken in (0, 1, 10, 50):
        found = stream(Mirror(streams=2), READER, map(item, range(50)), Decoding(PREPROCESSING, 3))
        for _ in range(taken):
            next(found)
        found.close()
    assert threading.active_count() == before


def test_images_are_kept_where_asked() -> None:
    for keep in (False, True):
        [prediction] = stream(Mirror(), READER, iter([item(1)]), Decoding(PREPROCESSING, keep=keep))
        assert (prediction.image is not None) is keep
