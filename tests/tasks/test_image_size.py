"""What images a network is given, before they are measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.datasets import Dataset, Split
from convsight.images import ValueRange
from convsight.results import Boxes, BoxLists, Labels
from convsight.settings import TrainSettings
from convsight.targets import Classes
from convsight.tasks import TASKS, task_of
from convsight.tasks.choices import for_task
from convsight.tasks.image_size import unmeasured


def split_of(folder: Path, pixels: np.ndarray) -> Split:
    """A split of one image file."""
    file = folder / "0.png"
    Image.fromarray(pixels).save(file)
    return Split("train", [file], Labels(np.zeros(1, np.int64), ("cat",)), ["0.png"])


def test_files_of_more_than_8_bits_have_a_range(tmp_path: Path) -> None:
    deep = unmeasured(4, 4, "crop", split_of(tmp_path, np.array([[0, 900]], np.uint16)))
    assert (deep.bits, deep.channels, deep.file_range) == (8, 3, ValueRange(0, 1023))
    plain = unmeasured(4, 4, "crop", split_of(tmp_path, np.zeros((4, 4), np.uint8)))
    assert plain.file_range is None


@pytest.mark.parametrize("task", TASKS)
def test_every_task_takes_all_samples_as_bands_where_the_user_says_so(task: str, tmp_path: Path) -> None:
    photo = tmp_path / "a.tif"
    Image.new("RGBA", (64, 64), (1, 2, 3, 40)).save(photo)
    split = Split("train", [photo], Labels(np.zeros(1, np.int64), ("a",)), ["a"])
    dataset = Dataset("d", "d", task, Classes(names=("a",)), {"train": split})
    kind = task_of(task)
    for colour, channels in (("auto", 3), ("bands", 4)):
        settings = for_task(TrainSettings.of(data="d", colour=colour), task)
        if task == "detection":  # looks for boxes that are too thin
            boxes = BoxLists([Boxes.of(("a",), (64, 64), [], [])], ("a",))
            dataset = dataset.with_splits({"train": replace(split, targets=boxes)})
        assert kind.input(kind.default_net, dataset, settings)[0].channels == channels
