"""Images of rare classes, and how often they are seen."""

from typing import Any

import numpy as np
import pytest

from convsight.datasets import Examples
from convsight.results import Boxes, BoxLists, LabelSets
from convsight.tasks import task_of
from convsight.tasks.capabilities import weights_of
from convsight.tasks.choices import train_settings
from convsight.tasks.rare_classes import rarest_class_weights

NAMES = ("a", "b", "c")
SHOWN = [[0], [0], [0, 0], [0, 1], [], [1, 2], *([0],) * 10]
COUNTS = {0: 14, 1: 2, 2: 1}
EXPECTED = np.array([max([np.sqrt(14 / COUNTS[label]) for label in labels], default=1.0) for labels in SHOWN])


def test_an_image_counts_by_its_rarest_class() -> None:
    weights, told = rarest_class_weights([np.array(labels, np.int64) for labels in SHOWN], 3)
    assert weights == pytest.approx(EXPECTED)
    assert f"those of the rarest {np.sqrt(14) / np.mean(EXPECTED):.3g} times" in told


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        ("detection", BoxLists([Boxes.of(NAMES, (9, 9), [(0, 0, 5, 5)] * len(s), s) for s in SHOWN], NAMES)),
        ("multilabel", LabelSets.of([[NAMES[label] for label in labels] for labels in SHOWN], NAMES)),
    ],
)
def test_boxes_and_labels_are_sampled_by_it_on_request(task: str, targets: Any) -> None:
    examples = Examples.__new__(Examples)  # targets are all that is looked at
    object.__setattr__(examples, "targets", targets)
    plain, balanced = (train_settings(data="x", task=task, sampling=how) for how in ("each", "balanced"))
    assert weights_of(task_of(task), examples, plain) == (None, "")
    weights, _ = weights_of(task_of(task), examples, balanced)
    assert weights == pytest.approx(EXPECTED)
