"""The masks of training examples as a network's input has them: held in bytes where they fit into memory."""

from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.datasets import Examples
from convsight.datasets.image_store import middle_corners
from convsight.datasets.ragged import RaggedArrays
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.targets import class_maps
from convsight.tasks.target_tensors import TargetTensors, held_where_it_fits, target_budget_bytes

_BYTE = 255  # up to which indices are held as bytes
_THREADS = 8


@final
class MaskTensors:
    """Masks (examples, *sides), uint8 or int32, at the input's size; borders of `pad` and `tile` have no class.

    They are held where an eighth of the memory has room for them, and else made when they are asked for. Of tiled
    pictures whole masks are held, in memory or in a file, and of each the tile in its middle is the target, or any
    other that is asked for.
    """

    def __init__(self, examples: Examples, name: str) -> None:
        self._examples = examples
        self._maps = class_maps(examples.targets)
        self._name = name
        self._whole: RaggedArrays | None = None
        self._kind = np.uint8 if self._maps.ignore_index <= _BYTE else np.int32

    @classmethod
    def of(cls, examples: Examples, name: str) -> TargetTensors:
        """The masks of `examples` as the target called `name`."""
        made = cls(examples, name)
        if examples.images.spec.is_tiled:
            made._hold_whole()
            return made
        pixels = int(np.prod(examples.images.spec.planes_shape[1:]))
        return held_where_it_fits(made, len(examples), pixels * np.dtype(made._kind).itemsize)

    def take(self, samples: NDArray[np.int64]) -> Mapping[str, Tensor]:
        images = self._examples.images
        if images.spec.is_tiled:
            sizes = [images.size(int(sample)) for sample in samples]
            return self.tiles(samples, middle_corners(sizes, images.tile_size))
        return {self._name: self._made(samples)}

    def tiles(self, samples: NDArray[np.int64], corners: NDArray[np.int64]) -> Mapping[str, Tensor]:
        """Of each mask the tile that begins at its corner (left, top)."""
        height, width = self._examples.images.spec.planes_shape[1:]
        found = np.empty((len(samples), height, width), self._kind)
        for place, (sample, (left, top)) in enumerate(zip(samples.tolist(), corners.tolist(), strict=True)):
            mask = self._fitted(sample) if self._whole is None else self._whole[sample]
            found[place] = mask[top : top + height, left : left + width]
        return {self._name: torch.from_numpy(found)}

    def _hold_whole(self) -> None:
        """Read every mask once, where memory or the disk have room for all."""
        images, count = self._examples.images, len(self._examples)
        least = images.tile_size
        shapes = [
            tuple(max(side, tile) for side, tile in zip(images.size(sample), least, strict=True))[::-1]
            for sample in range(count)
        ]
        kind = np.dtype(self._kind)
        self._whole = RaggedArrays.make(shapes, kind, target_budget_bytes(), on_disk=True)
        if self._whole is not None:
            for sample, mask in enumerate(map_in_threads(self._fitted, range(count), min(_THREADS, count))):
                self._whole.put(sample, mask.astype(kind, copy=False))

    def _made(self, samples: NDArray[np.int64]) -> Tensor:
        sides = self._examples.images.spec.planes_shape[1:]
        masks = np.empty((len(samples), *sides), self._kind)
        chosen = samples.tolist()
        for place, mask in enumerate(map_in_threads(self._fitted, chosen, min(_THREADS, len(chosen)))):
            masks[place] = mask
        return torch.from_numpy(masks)

    def _fitted(self, sample: int) -> NDArray[np.integer]:
        images, mask = self._examples.images, self._maps.mask(sample)
        size = images.size(sample)
        if mask.shape != tuple(size[::-1]):
            there, image = (" x ".join(str(side) for side in sides) for sides in (mask.shape[::-1], size))
            raise UserError(f"the mask of training image {sample} has {there} px, its image {image}")
        return images.spec.geometry(size).mask(mask, self._maps.ignore_index)
