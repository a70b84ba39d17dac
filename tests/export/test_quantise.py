"""What 8-bit numbers may cost."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.distances import SPREAD, DistanceReader, distance_card

from convsight.card import Card, Cost
from convsight.datasets import Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.export.quantise import check_costs, coarseness, costs
from convsight.inputs import ImageInput
from convsight.metrics import Metric
from convsight.results import Labels, NumbersOfMany
from convsight.runtime.engine import Engine
from convsight.targets import Classes
from convsight.tasks import reader_of

ACCURACY = Metric("accuracy")


class Predicting(Engine):
    """Answers class 1 for the first `right` images it is given, which is the target of all."""

    name, precision, streams = "answering", "float32", 1

    def __init__(self, right: int) -> None:
        self.left = right

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        right = np.arange(len(images)) < self.left
        self.left -= len(images)
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
        input=ImageInput(height=2, width=2, mean=(0, 0, 0), std=(1, 1, 1)),
    )
    targets = Labels(np.ones(1000, np.int64), card.target.names)
    split = Split("val", np.zeros((1000, 2, 2, 3), np.uint8), targets, [str(number) for number in range(1000)])
    fitted, _ = ImageStore.read(split, card.input)
    found = costs(
        Predicting(990), [Predicting(count) for count in right], reader_of(card), Examples(fitted, split.targets)
    )
    assert max(cost.lost for cost in found) == pytest.approx(lost)
    if allowed:
        check_costs(ACCURACY, found, 0.5)
    else:
        with pytest.raises(
            UserError, match=r"loses 0\.60 points of accuracy \(0\.9900 to 0\.9840\), more than the 0\.5"
        ):
            check_costs(ACCURACY, found, 0.5)


def test_a_metric_that_is_no_number_is_not_allowed() -> None:
    nothing = Cost(engine="openvino", metric="AP", before=0.5, after=math.nan, lost=math.nan)
    with pytest.raises(UserError, match="loses nan points"):
        check_costs(Metric("AP"), [nothing], 0.5)


class Telling(Engine):
    """Tells the same distance, in standard deviations from the mean, of every image."""

    name, precision, streams = "telling", "float32", 1

    def __init__(self, distance: float) -> None:
        self.distance = distance

    def run(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        return {"distance": np.full((len(images), 1), self.distance)}


@pytest.mark.parametrize(("metres", "lost"), [(23.2, 0.0), (23.25, 0.4), (22.2, -8.0), (23.3, 0.8), (60.0, 294.4)])
def test_a_number_in_metres_loses_points_of_the_spread_of_the_targets(metres: float, lost: float) -> None:
    card = distance_card()
    targets = NumbersOfMany(np.full((50, 1), 20.0), card.target.names, ("m",))
    split = Split("val", np.zeros((50, 2, 2, 3), np.uint8), targets, [str(number) for number in range(50)])
    reader = DistanceReader(card)
    before, after = (Telling((value - 20) / SPREAD) for value in (23.2, metres))
    found = costs(before, [after], reader, Examples(ImageStore.read(split, card.input)[0], targets))
    assert found[0].lost == pytest.approx(lost)
    metric = reader.metrics().selected_by[0]
    assert coarseness(metric, 50, 0.5) == ""
    if lost <= 0.5:
        check_costs(metric, found, 0.5)
    else:
        told = rf"points of rmse \(3\.200 m to {metres - 20:.3f} m, of which each is 0\.125 m\), more than the 0\.5"
        with pytest.raises(UserError, match=told):
            check_costs(metric, found, 0.5)


@pytest.mark.parametrize(
    ("images", "allowed", "weight"),
    [(2, 5, "50"), (45, 0.5, "2.22"), (199, 0.5, "0.503"), (200, 0.5, ""), (45, 2.3, ""), (45, 0, "")],
)
def test_a_loss_that_one_image_outweighs_cannot_be_judged(images: int, allowed: float, weight: str) -> None:
    note = coarseness(ACCURACY, images, allowed)
    if weight:
        assert f"one of {images} images weighs {weight} points, so a loss of {allowed:g} cannot be judged" in note
    else:
        assert not note
