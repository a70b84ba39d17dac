"""A folder of maps of things, a file an image: 0 is background, each other number one thing."""

import numpy as np

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.coco_answers import read_coco_answers
from convsight.datasets.answers.mask_answers import by, mask_files, mask_numbers
from convsight.errors import UserError
from convsight.results import Boxes, boxes_of_ids


def read_instances(given: GivenAnswers) -> Answers:
    """The things that a COCO results file or a folder finds, with their pixels.

    A folder has a map an image, called like it, as Cellpose, StarDist and `predict --files` write them; its things are
    all of one class and equally sure, so that COCO's average precision means little, unlike `DSB` and `AJI`. Raises
    `UserError` as `read_coco_answers` and `read_masks` do, and for a folder where the data have several classes.
    """
    if not given.path.is_dir():
        return read_coco_answers(given, masks=True)
    classes = given.dataset.target.names
    if len(classes) > 1:
        raise UserError(
            f"{given.path} is a folder of maps of things, which tells no classes, and {given.dataset.source} has "
            f"{len(classes)}; give a COCO results .json"
        )
    files = mask_files(given)

    def result(position: int) -> Boxes:
        true = given.split.targets[position]
        assert isinstance(true, Boxes)
        if position not in files:
            return Boxes.of(classes, true.size, [], [])
        ids = mask_numbers(files[position])
        if ids.shape != true.size[::-1]:
            raise UserError(
                f"{files[position]}: the map is {by(ids.shape)}, its image {by(true.size[::-1])}; "
                "write maps at the size of their images"
            )
        return boxes_of_ids(ids.astype(np.int64), np.zeros(int(ids.max(initial=0)), np.int64), classes)

    missing = [position for position in range(len(given.split)) if position not in files]
    notes = ["maps of things say nothing of how sure they are: average precision takes all as equally sure"]
    return Answers(result, missing, "images in which nothing was found", notes)
