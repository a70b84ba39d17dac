"""What is true of training examples, pixel by pixel at the network's size: held where it fits into memory."""

from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.datasets import Examples
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.masks import ids_of_masks
from convsight.tasks.instances.instance_net import IGNORE
from convsight.tasks.instances.light.flooding import depth_in_things
from convsight.tasks.target_tensors import TargetTensors, held_where_it_fits

_BYTES = 10  # of a pixel in all three
_THREADS = 8


@final
class InstanceTensors:
    """`ids` int32 and `classes` int16 (examples, height, width), and `depths` float32 (examples, 1, height, width).

    See `InstanceNet`. Where things overlap, pixels are of the smaller one. Regions of many things, and borders of
    `pad`, are unknown. Made when they are asked for.
    """

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    @classmethod
    def of(cls, examples: Examples) -> TargetTensors:
        """The same, held where an eighth of the memory has room for all."""
        made = cls(examples)
        pixels = int(np.prod(examples.images.spec.planes_shape[1:]))
        return held_where_it_fits(made, len(examples), pixels * _BYTES)

    def take(self, samples: NDArray[np.int64]) -> Mapping[str, Tensor]:
        sides = self._examples.images.spec.planes_shape[1:]
        ids = np.empty((len(samples), *sides), np.int32)
        classes = np.empty((len(samples), *sides), np.int16)
        depths = np.empty((len(samples), 1, *sides), np.float32)
        chosen = samples.tolist()
        for row, (which, kind, deep) in enumerate(map_in_threads(self._fitted, chosen, min(_THREADS, len(chosen)))):
            ids[row], classes[row], depths[row, 0] = which, kind, deep
        return {"ids": torch.from_numpy(ids), "classes": torch.from_numpy(classes), "depths": torch.from_numpy(depths)}

    def _fitted(self, sample: int) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float32]]:
        images, boxes = self._examples.images, self._examples.targets[sample]
        if not isinstance(boxes, Boxes):
            raise TypeError(f"instances need Boxes as targets, not {type(boxes).__name__}")
        width, height = images.size(sample)
        if boxes.size != (width, height):
            there, image = (" x ".join(str(side) for side in sides) for sides in (boxes.size, (width, height)))
            raise UserError(f"the masks of training image {sample} are of {there} px, its image of {image}")
        ids, classes = pixels_of(boxes)
        geometry = images.spec.geometry((width, height))
        fitted = geometry.mask(ids)
        return fitted, geometry.mask(classes, IGNORE), depth_in_things(fitted)


def pixels_of(boxes: Boxes) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """The number of each pixel's thing (height, width), from 1, and its class, from 1; 0 for none, `IGNORE` unknown."""
    masks = boxes.masks
    things = [row for row in np.argsort([mask.area for mask in masks], kind="stable").tolist() if not boxes.crowd[row]]
    crowds = [masks[row] for row in np.flatnonzero(boxes.crowd).tolist()]
    ids = ids_of_masks([masks[row] for row in things], boxes.size)
    classes = np.append(0, boxes.labels[things] + 1).astype(np.int16)[ids]
    for crowd in crowds:
        part = classes[crowd.place]
        part[crowd.pixels & (part == 0)] = IGNORE
    return ids, classes
