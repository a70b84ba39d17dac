"""`ExcitingPictures`: what each channel answers to most in the data, found a few pictures at a time and then kept."""

import time
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.importance_map import png
from convsight.images import ImageError
from convsight.inputs import ImageInput
from convsight.runtime.original import original_picture
from convsight.serve.explore.samples import Sample
from convsight.spread import evenly

_SECONDS = 0.04  # that a request looks at pictures; clicks wait meanwhile
_BATCH = 16  # pictures at most that are looked at together
_KEPT = 32  # layers
_HELD_BYTES = 64_000_000  # of loaded pictures
_SIDE = 112  # px of what is shown


class ExcitingPictures:
    """Searches `data` for the network that `view` looks into, an `inside.written.network_view.NetworkView`.

    Used by one thread alone.
    """

    def __init__(self, view: Any, data: Sequence[Sample], spec: ImageInput, max_megapixels: float) -> None:
        self._view, self._spec, self._max_megapixels = view, spec, max_megapixels
        most = max(1, _HELD_BYTES // int(np.prod(spec.array_shape) * spec.dtype.itemsize))
        self._data = [data[n] for n in evenly(len(data), most).tolist()]
        self._loaded: dict[int, NDArray[Any] | None] = {}
        self._searches: dict[str, Any] = {}

    def found(self, layer: str, channel: int) -> dict[str, Any]:
        """How many pictures were looked at, of how many, and the most exciting so far with what their cell sees.

        Raises `UserError` where there is no such layer or channel, or its numbers are of no places.
        """
        self._view.filter(layer, channel)  # which says what is not there
        search = self._searches.pop(layer, None) or self._view.search(layer, self._load)
        self._searches[layer] = search
        if len(self._searches) > _KEPT:
            del self._searches[next(iter(self._searches))]
        self._go_on(search)
        return {
            "looked_at": search.looked_at,
            "of": len(self._data),
            "pictures": [self._shown(layer, each) for each in search.most(channel)],
        }

    def _go_on(self, search: Any) -> None:
        """Look at some more pictures, in batches that become larger as long as there is time."""
        began, batch = time.monotonic(), 1
        while search.looked_at < len(self._data):
            search.look_at(range(search.looked_at, min(search.looked_at + batch, len(self._data))))
            if (taken := time.monotonic() - began) > _SECONDS / 2:
                return
            batch = min(_BATCH, 2 * batch if taken < _SECONDS / 4 else batch)

    def _load(self, index: int) -> NDArray[Any] | None:
        if index not in self._loaded:
            try:
                file = self._data[index].file(self._spec, self._max_megapixels)
                self._loaded[index] = self._spec.load(file, self._max_megapixels).array
            except ImageError:
                self._loaded[index] = None
        return self._loaded[index]

    def _shown(self, layer: str, excited: Any) -> dict[str, Any]:
        """The picture with the part of it that the cell sees, both small."""
        sample = self._data[excited.index]
        try:
            content = sample.file(self._spec, self._max_megapixels)
            picture = original_picture(self._spec, content, self._max_megapixels).convert("RGB")
        except UserError:  # it was there a moment ago
            return {"name": sample.name, "truth": sample.truth, "value": excited.value, "picture": None}
        (top, bottom), (left, right) = self._view.box(layer, *excited.cell)
        seen = np.array([[left, top, right, bottom]], np.float64)
        [box] = self._spec.geometry(picture.size).boxes_back(seen).tolist()
        corners = _whole(box, picture.size)
        return {
            "name": sample.name,
            "truth": sample.truth,
            "value": excited.value,
            "picture": _small(picture),
            "box": [at / side for at, side in zip(corners, picture.size * 2, strict=True)],
            "part": _small(picture.crop(corners)),
        }


def _whole(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels of a picture of `size` (width, height) that `box` touches; at least one.

    >>> _whole((0.5, 3.0, 2.25, 3.0), (9, 4))
    (0, 3, 3, 4)
    """
    left, top = (min(int(at), side - 1) for at, side in zip(box[:2], size, strict=True))
    right, bottom = (min(int(np.ceil(at)), side) for at, side in zip(box[2:], size, strict=True))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _small(picture: Image.Image) -> str:
    picture = picture.copy()
    picture.thumbnail((_SIDE, _SIDE))
    return b64encode(png(picture)).decode()
