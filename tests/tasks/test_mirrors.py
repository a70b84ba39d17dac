"""Whether predictions are averaged over an image and its mirror image is the task's to say, and never said in vain."""

from types import SimpleNamespace
from typing import Any

import pytest

from convsight.augmentation import ImageAugmentation, Unchanged, Variation
from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.tasks.capabilities import mirrors

MIRRORING = ImageAugmentation(Variation(flip_horizontal=True), {}, ())


@pytest.mark.parametrize(
    ("task", "chosen", "expected"),
    [
        ("classification", {}, True),
        ("classification", {"own": {"mirror": False}}, False),
        ("detection", {}, False),  # whose graph knows no mirror image
    ],
)
def test_a_task_whose_graph_ignores_the_flag_does_not_set_it(task: str, chosen: dict[str, Any], expected: bool) -> None:
    settings = TrainSettings.of(data="photos", **chosen)
    assert mirrors(task_of(task), MIRRORING, settings) is expected
    assert not mirrors(task_of(task), Unchanged(()), settings)


def test_a_task_without_variation_has_no_mirror_image() -> None:
    assert not mirrors(SimpleNamespace(), MIRRORING, TrainSettings.of(data="photos"))  # type: ignore[arg-type]
