"""What 8-bit numbers may cost."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card, Cost
from convsight.datasets import Examples, FittedPictures, Split
from convsight.errors import UserError
from convsight.export.quantise import check_costs, coarseness, costs
from convsight.pictures import Preprocessing
from convsight.results import Labels
from convsight.runtime.engine import Engine
from convsight.targets import Classes
from convsight.tasks import reader_of


class Answering(Engine):
    """Answers class 1 for the first `right` pictures it is given, which is the truth of all."""

    name, precision, streams = "answering", "float32", 1

    def __init__(self, right: int) -> None:
        self.left = right

    def run(self, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        right = np.arange(len(pictures)) < self.left
        self.left -= len(pictures)
        return {"probabilities": np.stack([~right, right], axis=1).astype(np.float32)}


@pytest.mark.parametrize(
    ("right", "lost", "allowed"),
    [([990], 0.0, True), ([986], 0.4, True), ([985], 0.5, True), ([984], 0.6, False), ([995, 984], 0.6, False)],
)
def test_the_metric_may_lose_half_a_point(right: list[int], lost: float, allowed: bool) -> None:
    card = Card(
        task="classification",
        net="answering",
        target=Classes(names=("no", "yes")),
        preprocessing=Preprocessing(height=2, width=2, mean=(0, 0, 0), std=(1, 1, 1)),
    )
    truths = Labels(np.ones(1000, np.int64), card.target.names)
    split = Split("val", np.zeros((1000, 2, 2, 3), np.uint8), truths, [str(number) for number in range(1000)])
    fitted, _ = FittedPictures.read(split, card.preprocessing)
    found = costs(
        Answering(990), [Answering(count) for count in right], reader_of(card), Examples(fitted, split.truths)
    )
    assert max(cost.lost for cost in found) == pytest.approx(lost)
    if allowed:
        check_costs(found, 0.5)
    else:
        with pytest.raises(
            UserError, match=r"loses 0\.60 points of accuracy \(0\.9900 to 0\.9840\), more than the 0\.5"
        ):
            check_costs(found, 0.5)


def test_a_metric_that_is_no_number_is_not_allowed() -> None:
    nothing = Cost(engine="openvino", metric="AP", before=0.5, after=math.nan, lost=math.nan)
    with pytest.raises(UserError, match="loses nan points"):
        check_costs([nothing], 0.5)


@pytest.mark.parametrize(
    ("pictures", "allowed", "weight"),
    [(1, 5, "100"), (45, 0.5, "2.22"), (199, 0.5, "0.503"), (200, 0.5, ""), (45, 2.3, ""), (45, 0, "")],
)
def test_a_loss_that_one_picture_outweighs_cannot_be_judged(pictures: int, allowed: float, weight: str) -> None:
    note = coarseness(pictures, allowed)
    if weight:
        assert f"one of {pictures} pictures weighs {weight} points, so a loss of {allowed:g} cannot be judged" in note
    else:
        assert not note
