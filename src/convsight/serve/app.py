"""`create_app`: the endpoints."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from convsight.runtime.model import Model
from convsight.serve.admission import Admission
from convsight.serve.api_page import api_page
from convsight.serve.batcher import FAILED, Batcher
from convsight.serve.request_body import receive_body
from convsight.serve.served_models import choose
from convsight.serve.schemas import (
    PREDICT_BODY,
    PREDICT_RESPONSES,
    Answers,
    Health,
    Refused,
    Running,
    ServedModel,
    ServedModels,
)
from convsight.serve.request_middleware import Gate
from convsight.serve.pending_request import Answer, Job
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.pages import PAGE_HEADERS, front_page
from convsight.serve.refusal import RefusedError
from convsight.serve.settings import ServeSettings
from convsight.serve.uploads import Upload, is_raw, uploads
from convsight.versions import versions

# Of every endpoint. Without 4XX the framework tells of a 422 of its own, with which none of them answers.
_REFUSED = (
    "Refused: 401 without the token where it is asked for, 404 for what is not there, 421 under a foreign host name."
)


def create_app(models: Mapping[str, Model], settings: ServeSettings) -> FastAPI:
    """The application that answers for `models`, by name, within the limits of `settings`.

    Its threads start and end with its lifespan. Limits on connections are those of `convsight.serve.connection_limits`.
    """
    admission = Admission(settings.queue, settings.max_waiting)
    metrics = ServerMetrics(admission)
    predictor = Predictor(models, settings, admission, metrics)
    app = FastAPI(
        title="convsight",
        version=versions().get("convsight", ""),
        lifespan=predictor.lifespan,
        responses={"4XX": {"model": Refused, "description": _REFUSED}},
        # FastAPI's own pages load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # Nothing is told to anybody else, and asking whether to would be asked at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        exception_handlers={HTTPException: _as_refusal},
    )
    app.add_middleware(Gate, settings=settings, metrics=metrics)
    for path in ("/predict", "/predict/{model}"):
        app.add_api_route(
            path,
            predictor.predict,
            methods=["POST"],
            response_model=Answers,
            response_description="At least one of the pictures was answered.",
            responses=PREDICT_RESPONSES,
            openapi_extra=PREDICT_BODY,
        )
    _add_pages(app, list(models), needs_token=settings.token is not None)
    _add_facts(app, models)

    @app.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def tell_metrics() -> Response:
        """Requests, pictures, batches, seconds and what waits, for Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


class Predictor:
    """Takes requests in, has their pictures answered, and answers."""

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
        self._pool = ThreadPoolExecutor(self._settings.workers, thread_name_prefix="pictures")
        for name, model in self._models.items():
            self._batchers[name] = Batcher(
                name,
                model,
                self._pool,
                self._metrics,
                max_batch=self._settings.max_batch,
                max_megapixels=self._settings.max_megapixels,
            )
        try:
            yield
        finally:
            self._pool.shutdown(cancel_futures=True)
            for batcher in self._batchers.values():
                batcher.close()

    async def predict(self, request: Request, model: str | None = None) -> Response:
        """Answer pictures: a file as the body, files in a form, or JSON with base64. A bad one is told in its place."""
        name = choose(self._models, model)
        kind = request.headers.get("content-type", "")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, "a compressed body: pictures are compressed already, so send them as they are")
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        job = await self._job(request, kind, deadline)
        self._batchers[name].submit(job)
        answers = await _awaited(job, request, deadline)
        body = json.dumps({"model": name, "answers": answers}, separators=(",", ":"))
        return Response(body, _status(answers), media_type="application/json")

    async def _job(self, request: Request, kind: str, deadline: float) -> Job:
        """Receives and parses a body; where that fails, nothing stays held."""
        ticket = self._admission.ticket()
        try:
            body = await receive_body(request.receive, ticket, deadline)
            async with _until(deadline):
                pictures = await self._pictures(body, kind)
            ticket.add_pictures(len(pictures))
        except BaseException:
            ticket.release()
            raise
        return Job(pictures, ticket)

    async def _pictures(self, body: bytes, kind: str) -> list[Upload]:
        if is_raw(kind):
            return uploads(body, kind, self._settings.max_pictures)
        # Parsing twenty megabytes takes long enough for others to notice.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, uploads, body, kind, self._settings.max_pictures)


async def _awaited(job: Job, request: Request, deadline: float) -> list[Answer]:
    """The answers of `job`; it is dropped where the client goes away, or time is up."""
    # All that can come now is the news that the client is gone.
    watch = asyncio.ensure_future(request.receive())
    watch.add_done_callback(lambda _: job.drop())
    try:
        async with _until(deadline):
            return await job.done
    finally:
        watch.cancel()
        job.drop()


@asynccontextmanager
async def _until(deadline: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError:
        raise RefusedError(
            504, "the answer took too long: ask for fewer pictures at once, or raise --timeout"
        ) from None


def _status(answers: list[Answer]) -> int:
    """200 where anything was answered; else what the pictures, or the server, did wrong."""
    errors = [answer["error"] for answer in answers if "error" in answer]
    if len(errors) < len(answers):
        return 200
    return 500 if FAILED in errors else 422


async def _as_refusal(request: Request, error: Exception) -> Response:
    """What the framework refuses, in the form of our own refusals."""
    assert isinstance(error, HTTPException)
    body = json.dumps({"error": str(error.detail)})
    return Response(body, error.status_code, dict(error.headers or {}), "application/json")


def _add_pages(app: FastAPI, models: list[str], *, needs_token: bool) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def show_front_page() -> HTMLResponse:
        return HTMLResponse(front_page(), headers=PAGE_HEADERS)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def show_docs(request: Request) -> HTMLResponse:
        address = str(request.base_url).rstrip("/")
        return HTMLResponse(api_page(app.openapi(), address, models, needs_token=needs_token), headers=PAGE_HEADERS)


def _add_facts(app: FastAPI, models: Mapping[str, Model]) -> None:
    running = {
        name: Running(engine=model.engine.name, precision=model.engine.precision, processor=model.engine.processor)
        for name, model in models.items()
    }
    served = {name: ServedModel(name=name, card=models[name].card, **run.model_dump()) for name, run in running.items()}

    @app.get("/model")
    async def tell_models() -> ServedModels:
        """The cards of all models: task, classes, preprocessing, metrics, data, versions."""
        return ServedModels(models=list(served.values()))

    @app.get("/model/{name}")
    async def tell_model(name: str) -> ServedModel:
        """The card of one model."""
        return served[choose(models, name)]

    @app.get("/health")
    async def tell_health() -> Health:
        """That the server is ready; needs no token."""
        return Health(status="ready", models=running)
