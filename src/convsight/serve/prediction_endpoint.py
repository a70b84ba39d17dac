"""`PredictionEndpoint`: takes requests in, has their images predicted, and answers as the client likes it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Request
from fastapi.responses import Response

from convsight.explain.importance_map import ImportanceMap
from convsight.results import Drawable
from convsight.runtime.model import Model
from convsight.serve.admission import Admission, client_of
from convsight.serve.asked_map import Asked, asked_of
from convsight.serve.batcher import FAILED, Batcher
from convsight.serve.bounded_response import BoundedResponse
from convsight.serve.explainer import Explainer, drawn_map
from convsight.serve.image_threads import ImageThreads, Place, lane_of
from convsight.serve.pending_request import JsonPrediction, PendingRequest
from convsight.serve.refusal import ClientGoneError, RefusedError
from convsight.serve.request_body import receive_body
from convsight.serve.response_formats import (
    JSON,
    PNG,
    ZIP,
    Archive,
    drawn_png,
    explained_formats_for,
    format_of,
    formats_for,
    json_document,
)
from convsight.serve.served_models import choose
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.serve.uploads import Upload, is_raw, uploads
from convsight.tasks.reader import can_draw

_log = logging.getLogger(__name__)

_PARSERS = 2  # threads that parse bodies; they wait for no image


class PredictionEndpoint:
    """Predictions of `models`, by name, within the limits of `settings`."""

    def __init__(
        self, models: Mapping[str, Model], settings: ServeSettings, admission: Admission, metrics: ServerMetrics
    ) -> None:
        self._models = models
        self._settings = settings
        self._admission = admission
        self._metrics = metrics
        self._batchers: dict[str, Batcher] = {}

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Keeps the threads while the application runs."""
        self._parsers = ThreadPoolExecutor(_PARSERS, thread_name_prefix="bodies")
        self._threads = ImageThreads(self._settings.workers)
        for name, model in self._models.items():
            self._batchers[name] = Batcher(
                name,
                model,
                self._threads,
                self._metrics,
                max_batch=self._settings.max_batch,
                max_megapixels=self._settings.max_megapixels,
            )
        self._explainer = Explainer(self._models, self._settings, self._metrics)
        try:
            yield
        finally:
            self._parsers.shutdown(cancel_futures=True)
            self._threads.close()
            self._explainer.close()
            for batcher in self._batchers.values():
                batcher.close()

    async def predict(
        self, request: Request, model: str | None = None, explain: str | None = None, target: str | None = None
    ) -> Response:
        """Predict images: a file as the body, files in a form, or JSON with base64. A bad one is reported in its place.

        By the header `Accept` the answer is JSON, the one image that was sent with its prediction drawn on it, or an
        archive: for each image its JSON, the drawn image, and files of its own where there are any.

        With `explain`, the name of a method, it is told what the prediction, or what is said of `target`, depends on: a
        map over the image. In JSON `map` is a PNG in base64: 0 where nothing was seen, 1 to 255 from none to the most.
        Options of the method go by their names; `evidence=false` leaves out how the map compares.
        """
        name = choose(self._models, model)
        asked = asked_of(request.query_params, self._settings.queue)
        accept = ",".join(request.headers.getlist("accept"))
        formats = formats_for(accept, self._models[name].reader) if asked is None else explained_formats_for(accept)
        kind = request.headers.get("content-type", "")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, "a compressed body: images are compressed already, so send them as they are")
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        pending, media_type = await self._received(request, kind, formats, deadline)
        try:
            async with _while_wanted(pending, request, deadline):
                maps = await self._answered(name, pending, asked)
                status = _status(pending.predictions)
                if status != 200:
                    media_type = JSON
                content = await self._written(name, pending, media_type, maps)
        except BaseException:
            pending.end()
            raise
        return BoundedResponse(content, status, media_type, pending.end, {"Vary": "Accept"})

    async def _answered(
        self, name: str, pending: PendingRequest, asked: Asked | None
    ) -> list[ImportanceMap | None] | None:
        """Wait until all images are predicted, or explained: then their maps."""
        if asked is not None:
            return await self._explainer.explain(name, asked, pending)
        self._batchers[name].submit(pending)
        await pending.done
        return None

    async def _received(
        self, request: Request, kind: str, formats: list[str], deadline: float
    ) -> tuple[PendingRequest, str]:
        """Receives and parses a body, and chooses how it is answered; where that fails, nothing stays held."""
        ticket = self._admission.ticket(client_of(request.client.host if request.client else ""))
        try:
            body = await receive_body(request.receive, ticket, deadline)
            async with _until(deadline):
                images = await self._images(body, kind)
            media_type = format_of(formats, len(images))
            ticket.add_images(len(images))
        except BaseException:
            ticket.release()
            raise
        return PendingRequest(images, ticket, keeps_images=media_type != JSON), media_type

    async def _images(self, body: bytes, kind: str) -> list[Upload]:
        if is_raw(kind):
            return uploads(body, kind, self._settings.max_pictures)
        # Parsing twenty megabytes takes long enough for others to notice.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._parsers, uploads, body, kind, self._settings.max_pictures)

    async def _written(
        self, model: str, pending: PendingRequest, media_type: str, maps: list[ImportanceMap | None] | None
    ) -> bytes | memoryview:
        """What is sent; files count like the body that brought the images, and as long."""
        try:
            if media_type == PNG and maps is not None:
                return await self._drawn_map(pending, maps)
            if media_type == PNG:
                return await self._png(model, pending)
            if media_type == ZIP:
                return await self._archive(model, pending, maps)
        except (RefusedError, ClientGoneError):
            raise
        except Exception:
            _log.exception("writing %s failed", media_type)
            raise RefusedError(500, f"the server failed to write {media_type}; its log says why") from None
        return json_document(model, {"answers": pending.predictions})

    async def _png(self, model: str, pending: PendingRequest) -> bytes:
        [result] = pending.results
        spec = self._models[model].card.input
        assert isinstance(result, Drawable)
        file, limit = pending.take(0), self._settings.max_megapixels
        png = await self._threads.run(_drawing(pending, file), partial(drawn_png, result, file, limit, spec))
        pending.ticket.add_bytes(len(png))
        return png

    async def _drawn_map(self, pending: PendingRequest, maps: list[ImportanceMap | None]) -> bytes:
        [found] = maps
        assert found is not None
        png = await self._threads.run(_drawing(pending, pending.file(0)), partial(drawn_map, found))
        pending.ticket.add_bytes(len(png))
        return png

    async def _archive(
        self, model: str, pending: PendingRequest, maps: list[ImportanceMap | None] | None
    ) -> memoryview:
        reader, limit = self._models[model].reader, self._settings.max_megapixels
        archive = Archive(model, limit, reader.card.input, draws=can_draw(reader))
        for index, (prediction, result) in enumerate(zip(pending.predictions, pending.results, strict=True)):
            if pending.is_dropped:
                raise ClientGoneError
            file = pending.take(index)
            if maps is None:
                add = partial(archive.add, index + 1, prediction, result, file)
            else:
                add = partial(archive.add_map, index + 1, prediction, maps[index])
            pending.ticket.add_bytes(await self._threads.run(_drawing(pending, file), add))
        return archive.close()


def _drawing(pending: PendingRequest, file: bytes) -> Place:
    """Where an image waits to be drawn on, for which it is decoded whole."""
    return Place(pending.client, pending, lane_of(file, whole=True))


@asynccontextmanager
async def _while_wanted(pending: PendingRequest, request: Request, deadline: float) -> AsyncIterator[None]:
    """Drops `pending` where the client goes away; raises `RefusedError` where time is up."""
    # All that can come now is the news that the client is gone.
    watch = asyncio.ensure_future(request.receive())
    watch.add_done_callback(lambda _: pending.drop())
    try:
        async with _until(deadline):
            yield
    finally:
        watch.cancel()


@asynccontextmanager
async def _until(deadline: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError:
        raise RefusedError(504, "the answer took too long: ask for fewer images at once, or raise --timeout") from None


def _status(predictions: list[JsonPrediction]) -> int:
    """200 where anything was answered; else what the images, or the server, did wrong."""
    errors = [prediction["error"] for prediction in predictions if "error" in prediction]
    if len(errors) < len(predictions):
        return 200
    return 500 if FAILED in errors else 422
