from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.results import InvalidOutputError
from convsight.targets import Classes
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.detection.light.reader import BoxReader

PREPROCESSING = ImageInput(height=50, width=100, fit="pad", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def reader(**calibration: float) -> BoxReader:
    named = {f"threshold/{name}": value for name, value in calibration.items()}
    classes = ("cat", "dog")
    card = Card(task="detection", net="none", target=Classes(names=classes), input=PREPROCESSING, calibration=named)
    return BoxReader(card)


def arrays(scores: list[float], labels: list[int], boxes: list[list[float]]) -> dict[str, NDArray[Any]]:
    return {
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "scores": np.array(scores, np.float32),
        "labels": np.array(labels),
    }


MIDDLE = [0.25, 0.0, 0.75, 1.0]  # of a square image, which fills the middle half of the frame


def test_boxes_come_back_in_pixels_of_the_image() -> None:
    found = reader().read(arrays([0.5, 0.75], [0, 1], [MIDDLE, [0.5, 0.5, 0.625, 1.0]]), (200, 200))
    np.testing.assert_allclose(found.xyxy, [[0, 0, 200, 200], [100, 100, 150, 200]])
    assert (found.size, found.labels.tolist(), found.scores.tolist()) == ((200, 200), [0, 1], [0.5, 0.75])


def test_a_score_of_zero_is_no_box() -> None:
    found = reader().read(arrays([0.5, 0.0, 0.25], [0, 1, 0], [MIDDLE] * 3), (200, 200))
    assert found.scores.tolist() == [0.5, 0.25]
    assert len(reader().read(arrays([0.0], [0], [MIDDLE]), (9, 9))) == 0


def test_each_class_has_its_threshold() -> None:
    found = reader(dog=0.6).read(arrays([0.5, 0.5, 0.2], [0, 1, 0], [MIDDLE] * 3), (200, 200))
    assert found.thresholds.tolist() == [0.25, 0.6, 0.25]
    assert found.summary() == "1 cat"


@pytest.mark.parametrize("place", ["boxes", "scores"])
def test_a_network_that_returns_nan_gives_no_prediction(place: str) -> None:
    given = arrays([0.5], [0], [MIDDLE])
    given[place][0] = np.nan
    with pytest.raises(InvalidOutputError):
        reader().read(given, (200, 200))


def test_columns_are_those_of_the_rows_and_metrics_are_fresh() -> None:
    found = reader().read(arrays([0.5], [0], [MIDDLE]), (200, 200))
    assert [len(row) for row in found.to_rows()] == [len(reader().columns())]
    metrics = reader().metrics()
    assert isinstance(metrics, BoxMetrics)
    assert metrics.classes == ("cat", "dog")
    with pytest.raises(ValueError, match="no image was judged"):
        metrics.compute()


def test_plain_python_prints_what_is_sure_enough(capsys: pytest.CaptureFixture[str]) -> None:
    given = {name: array[None] for name, array in arrays([0.3, 0.3], [1, 0], [MIDDLE] * 2).items()}
    exec(reader(cat=0.4).plain_python, {"arrays": given, "classes": ("cat", "dog")})
    told = capsys.readouterr().out
    assert told.startswith("dog 0.3")
    assert "cat" not in told
