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
from convsight.results import PanopticMap
from convsight.tasks.target_tensors import TargetTensors, held_where_it_fits

IGNORE = -1  # the class of pixels of which nothing is known
_BYTES = 6  # of a pixel in both
_THREADS = 8


@final
class PanopticTensors:
    """`ids` int32 and `classes` int16 (examples, height, width), made when they are asked for.

    `ids` are the numbers of things from 1, 0 for stuff and crowds; `classes` are indices, `IGNORE` where none is known.
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
        ids, classes = np.empty((len(samples), *sides), np.int32), np.empty((len(samples), *sides), np.int16)
        chosen = samples.tolist()
        for row, (which, kind) in enumerate(map_in_threads(self._fitted, chosen, min(_THREADS, len(chosen)))):
            ids[row], classes[row] = which, kind
        return {"ids": torch.from_numpy(ids), "classes": torch.from_numpy(classes)}

    def _fitted(self, sample: int) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
        images, found = self._examples.images, self._examples.targets[sample]
        if not isinstance(found, PanopticMap):
            raise TypeError(f"panoptic needs PanopticMap as targets, not {type(found).__name__}")
        width, height = images.size(sample)
        if found.ids.shape != (height, width):
            there, image = (f"{sides[1]} x {sides[0]}" for sides in (found.ids.shape, (height, width)))
            raise UserError(f"the map of training image {sample} is of {there} px, its image of {image}")
        geometry = images.spec.geometry((width, height))
        things = np.append(False, np.array(found.things)[found.labels] & ~found.crowd)
        ids = np.where(things[found.rows], found.rows, 0).astype(np.int32)
        classes = np.append(IGNORE, found.labels).astype(np.int16)[found.rows]
        return geometry.mask(ids), geometry.mask(classes, IGNORE)
