"""`Thresholds`: what is found from any threshold on, and how good that is on pictures whose truth is known."""

import math
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from convsight.errors import UserError
from convsight.explain.importance_map import png
from convsight.images import ImageError
from convsight.inputs import ImageInput
from convsight.results import Drawable, InvalidOutputError, Result, Thresholded
from convsight.runtime.batch_results import predictions
from convsight.runtime.model import Model
from convsight.runtime.original import original_picture
from convsight.serve.explore.long_work import Step, Steps
from convsight.serve.explore.whole_data import KnownPicture, WholeData
from convsight.serve.refusal import RefusedError
from convsight.tasks.reader import Metrics, Sweeping, can_draw

_BATCH = 8  # pictures in one turn, which others wait for
_LARGEST = 1024  # px of a side of what is drawn
_GRID = np.linspace(0, 1, 101)
_MOST_CLASSES = 50  # of which the page is told numbers of their own, those with the most to find


class Thresholds:
    """Of the network in `model`; `data` finds pictures to judge it on."""

    def __init__(self, model: Model, spec: ImageInput, data: Callable[[], WholeData], max_megapixels: float) -> None:
        self._model, self._spec, self._data, self._max_megapixels = model, spec, data, max_megapixels
        self._last: tuple[str, Result] | None = None  # by the digest of the picture: its slider is moved many times

    @property
    def are_there(self) -> bool:
        """Whether results have a threshold, can be drawn, and can be judged at any."""
        reader = self._model.reader
        return issubclass(reader.result, Thresholded) and can_draw(reader) and isinstance(reader.metrics(), Sweeping)

    def drawn(self, file: bytes, threshold: float | None) -> dict[str, Any]:
        """A picture with what is at least so sure drawn on it as a PNG in base64, and the same in words.

        Without `threshold`, what counts as found by the network's own. Raises `RefusedError` with status 422 for what
        is no picture, 404 for a network that has no thresholds.
        """
        if not self.are_there:
            raise RefusedError(404, f"answers of {self._model.card.task} have no threshold that is chosen here")
        try:
            result = self._result(file)
            picture = original_picture(self._spec, file, self._max_megapixels)
        except (ImageError, UserError) as error:
            raise RefusedError(422, str(error)) from None
        if threshold is not None:
            assert isinstance(result, Thresholded)
            result = result.at_least(threshold)
        assert isinstance(result, Drawable)
        drawn = result.draw(picture)
        drawn.thumbnail((_LARGEST, _LARGEST))
        return {"drawn": b64encode(png(drawn)).decode(), "words": result.summary()}

    def steps(self) -> Steps:
        """Judge the network, a few pictures a step; returns what the page is told.

        Raises `UserError` where there are no pictures whose truth is known.
        """
        data, metrics, unreadable = self._data(), self._model.reader.metrics(), 0
        yield Step("pictures", 0, len(data.pictures))
        for start in range(0, len(data.pictures), _BATCH):
            unreadable += self._judge(data.pictures[start : start + _BATCH], metrics)
            yield Step("pictures", min(start + _BATCH, len(data.pictures)), len(data.pictures))
        judged = len(data.pictures) - unreadable
        if not judged:
            raise UserError("none of the pictures can be read")
        assert isinstance(metrics, Sweeping)
        swept = metrics.swept(_GRID)
        most = sorted((name for name in swept if name), key=lambda name: -swept[name].true)[:_MOST_CLASSES]
        return {
            "images": judged,
            "count": data.count,
            "unreadable": unreadable,
            "part": data.pictures[0].part,
            "thresholds": [round(each, 2) for each in _GRID.tolist()],
            "swept": [  # in this order, which the keys of an object would lose where names are numbers
                {
                    "name": name,
                    "true": swept[name].true,
                    "precision": _plain(swept[name].precision.tolist()),
                    "recall": _plain(swept[name].recall.tolist()),
                }
                for name in ("", *most)
            ],
        }

    def _result(self, file: bytes) -> Result:
        digest = sha256(file).hexdigest()
        if self._last is None or self._last[0] != digest:
            loaded = self._spec.load(file, self._max_megapixels)
            try:
                [found] = predictions(self._model.engine, self._model.reader, loaded.array[None], [loaded.size])
            except InvalidOutputError as error:
                raise UserError(f"the network gives no answer: {error}") from error
            self._last = digest, found
        return self._last[1]

    def _judge(self, pictures: list[KnownPicture], metrics: Metrics) -> int:
        """Take in what can be read of `pictures`; returns how many cannot."""
        read, loaded = [], []
        for picture in pictures:
            try:
                loaded.append(self._spec.load(picture.sample.item.load(), self._max_megapixels))
                read.append(picture)
            except (ImageError, OSError):
                continue
        if read:
            arrays, sizes = np.stack([each.array for each in loaded]), [each.size for each in loaded]
            try:
                found = list(predictions(self._model.engine, self._model.reader, arrays, sizes))
            except InvalidOutputError as error:
                raise UserError(f"the network gives no answer: {error}") from error
            for picture, result in zip(read, found, strict=True):
                assert picture.truth is not None
                metrics.update(picture.truth, result)
        return len(pictures) - len(read)


def _plain(shares: list[float]) -> list[float | None]:
    """Shares as JSON has them: None for NaN."""
    return [None if math.isnan(share) else round(share, 4) for share in shares]
