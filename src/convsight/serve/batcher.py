"""`Batcher`: images of many requests, read in threads and run together."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from convsight.images import ImageError
from convsight.inputs import ImageInput, Loaded
from convsight.results import Result
from convsight.runtime.batch_results import outputs_of
from convsight.runtime.model import Model
from convsight.serve.image_threads import ImageThreads, Lane, Place, lane_of
from convsight.serve.pending_request import JsonPrediction, PendingRequest
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.turns import Turns
from convsight.serve.worker_threads import WorkerThreads

_log = logging.getLogger(__name__)

FAILED = "the server failed on this image; its log says why"


class _Fitted(NamedTuple):
    request: PendingRequest
    position: int
    image: Loaded


class _Settled(NamedTuple):
    request: PendingRequest
    position: int
    outcome: str
    prediction: JsonPrediction
    result: Result | None = None


class Batcher:
    """Runs one model on the images of all requests, as many at once as wait, up to `max_batch`.

    Nothing waits for a batch to fill: the first image is run at once, and those that come meanwhile are the next
    batch, so batches grow with the load by themselves. Requests take turns in batches as they do in being read. The
    engine is used by `engine.streams` threads.
    """

    def __init__(
        self,
        name: str,
        model: Model,
        threads: ImageThreads,
        metrics: ServerMetrics,
        *,
        max_batch: int,
        max_megapixels: float,
    ) -> None:
        self._name = name
        self._model = model
        self._readers = threads
        self._metrics = metrics
        self._max_batch = max_batch
        self._max_megapixels = max_megapixels
        self._waiting: Turns[_Fitted] = Turns()
        self._loop = asyncio.get_running_loop()
        self._threads = WorkerThreads(name, model.engine.streams, self._run)
        self._threads.start()

    def submit(self, request: PendingRequest) -> None:
        """Take on all images of `request`, which is settled image by image."""
        for position in range(len(request)):
            self._readers.submit(self._place(request, position), partial(self._read, request, position))

    def close(self) -> None:
        """End the threads after what waits; blocks until they have ended."""
        self._threads.close()

    def _place(self, request: PendingRequest, position: int) -> Place:
        is_image = isinstance(self._model.card.input, ImageInput)
        return Place(request.client, request, lane_of(request.file(position)) if is_image else Lane.LIGHT)

    def _read(self, request: PendingRequest, position: int) -> None:
        data = request.take(position)
        if request.is_dropped:
            self._tell([_Settled(request, position, "dropped", {})])
            return
        try:
            image = self._model.card.input.load(data, self._max_megapixels)
        except ImageError as error:
            self._tell([_Settled(request, position, "unreadable", {"error": str(error)})])
        except Exception:
            _log.exception("reading an image failed")
            self._tell([_Settled(request, position, "failed", {"error": FAILED})])
        else:
            with self._threads.changed:
                self._waiting.put(request.client, request, _Fitted(request, position, image))
                self._threads.changed.notify()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._tell(self._predicted(batch))

    def _next_batch(self) -> list[_Fitted]:
        """What waits, as soon as anything does; empty once closed."""
        with self._threads.changed:
            self._threads.changed.wait_for(lambda: self._waiting or self._threads.is_closed)
            return [self._waiting.take() for _ in range(min(self._max_batch, len(self._waiting)))]

    def _predicted(self, batch: Sequence[_Fitted]) -> list[_Settled]:
        settled: list[_Settled] = []
        wanted: list[_Fitted] = []
        for fitted in batch:  # each asked once: a client may go at any time
            if fitted.request.is_dropped:
                settled.append(_Settled(fitted.request, fitted.position, "dropped", {}))
            else:
                wanted.append(fitted)
        if not wanted:
            return settled
        self._metrics.batches.labels(self._name).observe(len(wanted))
        try:
            images, sizes = [fitted.image.array for fitted in wanted], [fitted.image.size for fitted in wanted]
            outputs = outputs_of(self._model.engine, self._model.reader, images, sizes)
        except Exception:
            _log.exception("running %d images failed", len(wanted))
            failed = {"error": FAILED}
            return settled + [_Settled(request, position, "failed", failed) for request, position, _ in wanted]
        for row, (request, position, image) in enumerate(wanted):
            try:
                result = outputs.result(row)
                remark = {"remark": image.remark} if image.remark else {}
                settled.append(_Settled(request, position, "answered", {**result.to_json(), **remark}, result))
            except Exception:
                _log.exception("reading an answer failed")
                settled.append(_Settled(request, position, "failed", {"error": FAILED}))
        return settled

    def _tell(self, settled: Sequence[_Settled]) -> None:
        # One call into the loop for a whole batch: each one wakes it up.
        self._loop.call_soon_threadsafe(self._settle, settled)

    def _settle(self, settled: Sequence[_Settled]) -> None:
        for request, position, outcome, prediction, result in settled:
            self._metrics.images.labels(self._name, outcome).inc()
            request.settle(position, prediction, result)
