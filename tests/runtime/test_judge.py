"""How many images are run at once while they are judged."""

from typing import Any, final

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card
from convsight.datasets import Examples, ImageStore, Split
from convsight.inputs import ImageInput
from convsight.results.label import Labels
from convsight.runtime.engine import Engine
from convsight.runtime.judge import judge
from convsight.targets import Classes
from convsight.tasks import reader_of


@final
class Counting(Engine):
    """Answers the first class, and notes how many images it was given."""

    name = "counting"
    precision = "float32"
    streams = 1

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        self.batches.append(len(images))
        return {"probabilities": np.tile([0.9, 0.1], (len(images), 1))}


@pytest.mark.parametrize(("count", "side", "batches"), [(300, 4, [256, 44]), (5, 1024, [2, 2, 1]), (2, 1600, [1, 1])])
def test_large_images_are_judged_fewer_at_once(count: int, side: int, batches: list[int]) -> None:
    sides = ImageInput(height=side, width=side, fit="squash", mean=(0.5,) * 3, std=(0.5,) * 3)
    card = Card(task="classification", net="none", target=Classes(names=("cat", "dog")), input=sides)
    targets = Labels(np.arange(count) % 2, card.target.names)
    split = Split("test", np.zeros((count, side, side, 3), np.uint8), targets, [str(n) for n in range(count)])
    engine = Counting()
    told: list[int] = []
    found = judge(engine, reader_of(card), Examples(ImageStore.read(split, sides)[0], targets), told.append)
    assert engine.batches == told == batches
    assert found.compute()["accuracy"].value == np.mean(targets.indices == 0)
