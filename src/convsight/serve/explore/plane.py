"""`Plane`: a whole data set as points, of its pictures with what is true and what is answered of each."""

import io
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.inputs import ImageInput
from convsight.results import InvalidOutputError, Result
from convsight.results.capabilities import Confident, Naming
from convsight.results.mistakes import mistakes_of
from convsight.runtime.batch_results import predictions
from convsight.runtime.model import Model
from convsight.serve.explore.long_work import Step, Steps
from convsight.serve.explore.whole_data import KnownPicture, WholeData
from convsight.training_half import training_half

_BATCH = 16  # pictures in one turn, which others wait for
_TILE = 24  # px of a picture in the plane
_COLUMNS = 40  # pictures beside each other in the sheet that holds all of them
_NOTHING = "none"  # where an answer names no class


@dataclass
class Seen:
    """What is known of the pictures that could be read, in their order."""

    pictures: list[KnownPicture] = field(default_factory=list)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    tiles: list[NDArray[np.uint8]] = field(default_factory=list)
    answers: list[Result] = field(default_factory=list)
    unreadable: int = 0


class Plane:
    """Makes the plane of `data` by `opened`, an `inside.OpenNetwork`, with the answers of `model`."""

    def __init__(
        self, model: Model, opened: Any, spec: ImageInput, data: Callable[[], WholeData], max_megapixels: float
    ) -> None:
        self._model, self._opened, self._spec = model, opened, spec
        self._data, self._max_megapixels = data, max_megapixels
        self._half = training_half("convsight.inside.picture_plane")
        self.pictures: list[KnownPicture] = []  # those of the plane, once it is there

    def why_none(self) -> str:
        """Why there is no plane for this network, in words; empty where there is one."""
        try:
            self._half.check_vectors(self._opened)
        except UserError as error:
            return str(error)
        return ""

    def steps(self) -> Steps:
        """Make it, a few pictures a step; returns what the page is told.

        Raises `UserError` where there are no pictures, or none that can be read.
        """
        data, seen = self._data(), Seen()
        yield Step("pictures", 0, len(data.pictures))
        for start in range(0, len(data.pictures), _BATCH):
            self._see(data.pictures[start : start + _BATCH], seen)
            yield Step("pictures", min(start + _BATCH, len(data.pictures)), len(data.pictures))
        if not seen.pictures:
            raise UserError("none of the pictures can be read")
        yield Step("the plane", apart=True)
        places, how = self._half.projected(np.concatenate(seen.vectors))
        self.pictures = seen.pictures
        return _told(seen, places, how, data.count)

    def _see(self, pictures: list[KnownPicture], seen: Seen) -> None:
        read, loaded = [], []
        for picture in pictures:
            try:
                loaded.append(self._spec.load(picture.sample.item.load(), self._max_megapixels))
                read.append(picture)
            except (ImageError, OSError):
                seen.unreadable += 1
        if not read:
            return
        arrays = np.stack([each.array for each in loaded])
        try:
            found = list(predictions(self._model.engine, self._model.reader, arrays, [each.size for each in loaded]))
        except InvalidOutputError as error:
            raise UserError(f"the network gives no answer: {error}") from error
        seen.pictures += read
        seen.answers += found
        seen.vectors.append(self._half.vectors_of(self._opened, arrays))
        if arrays.dtype == np.uint8 and arrays.shape[3] in {1, 3}:
            seen.tiles += [_tile(each) for each in arrays]


def _told(seen: Seen, places: NDArray[np.float64], how: str, count: int) -> dict[str, Any]:
    """Columns of equal length, one value a picture, and a sheet of all pictures where they can be shown."""
    truths = [each.truth for each in seen.pictures]
    known = all(each is not None for each in truths)
    names = [_named(each) for each in seen.answers]
    sure = [each.confidence for each in seen.answers if isinstance(each, Confident)]
    both = zip(seen.answers, truths, strict=True)
    return {
        "count": count,
        "unreadable": seen.unreadable,
        "how": how,
        "numbers": seen.vectors[0].shape[1],
        "x": np.round(places[:, 0], 4).tolist(),
        "y": np.round(places[:, 1], 4).tolist(),
        "names": [each.sample.name for each in seen.pictures],
        "said": [each.summary() for each in seen.answers],
        "parts": [each.part for each in seen.pictures],
        "truths": [_named(each) or each.summary() for each in truths if each is not None] if known else None,
        "answers": None if None in names else names,
        "confidences": [round(each, 4) for each in sure] if len(sure) == len(names) else None,
        "right": [not mistakes_of(answer, truth) for answer, truth in both if truth is not None] if known else None,
        "named": known and all(isinstance(each, Naming) for each in truths),
        "tile": _TILE,
        "columns": _COLUMNS,
        "sheet": _sheet(seen.tiles),
    }


def _named(result: Result) -> str | None:
    """The classes that it names; None where it names none by its kind."""
    return (", ".join(result.class_names()) or _NOTHING) if isinstance(result, Naming) else None


def _tile(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(array if array.shape[2] == 3 else array[:, :, 0]).convert("RGB")
    return np.asarray(picture.resize((_TILE, _TILE), Image.Resampling.BOX))


def _sheet(tiles: list[NDArray[np.uint8]]) -> str | None:
    """All of them as one JPEG file in base64, row by row."""
    if not tiles:
        return None
    blank = [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
    whole = [*tiles, *blank]
    rows = [np.concatenate(whole[n : n + _COLUMNS], axis=1) for n in range(0, len(whole), _COLUMNS)]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(file, "JPEG", quality=80)
    return b64encode(file.getvalue()).decode()
