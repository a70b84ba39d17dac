"""Images of rare classes, and how often they are seen."""

import numpy as np
import pytest

from convsight.results import Boxes, BoxLists
from convsight.tasks.detection.rare_classes import rarest_class_weights


def test_an_image_counts_by_its_rarest_class() -> None:
    shown = [[0], [0], [0, 0], [0, 1], [], [1, 2], *([0],) * 10]
    counts = {0: 14, 1: 2, 2: 1}
    names = ("a", "b", "c")
    each = [Boxes.of(names, (9, 9), [(0, 0, 5, 5)] * len(labels), labels) for labels in shown]
    weights, told = rarest_class_weights(BoxLists(each, names))
    expected = [max([np.sqrt(14 / counts[label]) for label in labels], default=1.0) for labels in shown]
    assert weights == pytest.approx(np.array(expected))
    assert f"those of the rarest {np.sqrt(14) / np.mean(expected):.3g} times" in told
