"""`Explored`: one network that is looked into, with pictures to pick from."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.explain import ExplainedModel
from convsight.explain.importance_map import png
from convsight.explain.method import METHODS
from convsight.images import ImageError
from convsight.runtime.model import Model
from convsight.runtime.original import original_picture
from convsight.serve.explore.exciting_pictures import ExcitingPictures
from convsight.serve.explore.held_pictures import HeldPictures
from convsight.serve.explore.plane import Plane
from convsight.serve.explore.samples import Sample
from convsight.serve.explore.thresholds import Thresholds
from convsight.serve.explore.whole_data import WholeData, nothing_known
from convsight.serve.refusal import RefusedError
from convsight.training_half import training_half

_THUMBNAIL = 96  # px
_BYTES = 1_000_000


class Cell(NamedTuple):
    """A place in a layer's volume, counted from 0."""

    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class ExploreSettings:
    """What an explorer shows: `samples` to pick from, and how many megabytes its pictures may hold together.

    `whole` finds all pictures, `judged` those that networks are judged on, when they are asked for. Among `data` are
    found those that excite a channel most.
    """

    samples: tuple[Sample, ...] = ()
    held_mb: float = 256.0
    whole: Callable[[], WholeData] = nothing_known
    judged: Callable[[], WholeData] = nothing_known
    data: tuple[Sample, ...] = ()


class Explored:
    """Looks into `model`, one request after the other; every method may take as long as a run of the network.

    Raises `UserError` where there are no weights to look into, or no pictures as input.
    """

    def __init__(self, name: str, model: Model, settings: ExploreSettings, max_megapixels: float) -> None:
        network = ExplainedModel(model)
        self._name, self._model, self._samples = name, model, settings.samples
        self._spec = network.spec
        self._view = training_half("convsight.inside.written.network_view").NetworkView(network.opened)
        self._held = HeldPictures(int(settings.held_mb * _BYTES))
        self._max_megapixels = max_megapixels
        self._exciting = ExcitingPictures(self._view, settings.data, self._spec, max_megapixels)
        self.plane = Plane(model, network.opened, self._spec, settings.whole, max_megapixels)
        self.thresholds = Thresholds(model, self._spec, settings.judged, max_megapixels)

    def facts(self) -> dict[str, Any]:
        """The network, its layers, the pictures to pick from and the methods that explain."""
        card, engine = self._model.card, self._model.engine
        return {
            "model": self._name,
            "task": card.task,
            "net": card.net,
            "classes": list(card.target.names),
            "parameters": self._view.parameters,
            "input": {"width": self._spec.width, "height": self._spec.height, "channels": self._spec.channels},
            "deployed": {
                "engine": engine.name,
                "precision": engine.precision,
                # Engines multiply the weights of a convolution by those of the normalisation behind it, once.
                "folds": engine.name != "torch" and self._view.normalises,
            },
            "layers": self._view.to_json(),
            "samples": [{"name": each.name, "truth": each.truth} for each in self._samples],
            "no_plane": self.plane.why_none(),
            "thresholds": self.thresholds.are_there,
            "methods": [name for name, entry in METHODS.items()],
        }

    def sample(self, number: int) -> bytes:
        """The file of a picture to pick; raises `RefusedError` with status 404 where there is none."""
        return self._file(self._samples, number)

    def of_plane(self, number: int) -> bytes:
        """The file of a picture of the plane, once it is there; refused as `sample` is."""
        return self._file([each.sample for each in self.plane.pictures], number)

    def thumbnail(self, file: bytes) -> bytes:
        """The picture in a file, small, as a PNG file; raises `RefusedError` with status 404 where it is none."""
        try:
            small = original_picture(self._spec, file, self._max_megapixels)
        except (ImageError, UserError) as error:
            raise RefusedError(404, str(error)) from None
        small.thumbnail((_THUMBNAIL, _THUMBNAIL))
        return png(small)

    def take(self, file: bytes) -> dict[str, Any]:
        """Hold a picture: its name, and what the network sees of it as a PNG in base64, where that can be shown.

        Raises `RefusedError` with status 422 for what is no picture.
        """
        try:
            loaded = self._spec.load(file, self._max_megapixels)
        except ImageError as error:
            raise RefusedError(422, str(error)) from None
        return {
            "picture": self._held.put(file, loaded.array),
            "size": list(loaded.size),
            "seen": _seen(loaded.array),
            "remark": loaded.remark,
        }

    def maps(self, picture: str, layer: str, channel: int | None) -> dict[str, Any]:
        """The strongest maps of a layer, and `channel`; refused with 404 for what is not there, 410 for the picture."""
        return self._told(lambda: self._open(picture, layer).maps(channel))

    def cell(self, picture: str, layer: str, cell: Cell) -> dict[str, Any]:
        """A cell written out; refused as `maps` is."""
        return self._told(lambda: self._open(picture, layer).cell(*cell))

    def filter(self, layer: str, channel: int) -> dict[str, Any]:
        """The weights of a channel; refused with 404 for what is not there."""
        return self._told(lambda: self._view.filter(layer, channel))

    def exciting(self, layer: str, channel: int) -> dict[str, Any]:
        """The pictures that excite a channel most, of those looked at so far: each request looks at some more.

        Refused with 404 for what is not there.
        """
        return self._told(lambda: self._exciting.found(layer, channel))

    def _file(self, samples: Sequence[Sample], number: int) -> bytes:
        if not 0 <= number < len(samples):
            raise RefusedError(404, f"no picture {number}: there are {len(samples)}, counted from 0")
        try:
            return samples[number].file(self._spec, self._max_megapixels)
        except ImageError as error:
            raise RefusedError(404, str(error)) from None

    def _open(self, picture: str, layer: str) -> Any:
        held = self._held.get(picture)
        if held.layer is None or held.layer.layer.name != layer:
            opened = self._view.open(held.array, layer)
            self._held.opened(picture, opened)
            return opened
        return held.layer

    def _told(self, ask: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = ask()
        except UserError as error:
            raise RefusedError(404, str(error)) from None
        return found


def _seen(array: NDArray[Any]) -> str | None:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        return None
    return b64encode(png(Image.fromarray(array))).decode()
