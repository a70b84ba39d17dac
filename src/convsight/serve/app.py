"""`create_app`: the endpoints."""

import json
from collections.abc import Mapping

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from convsight.runtime.model import Model
from convsight.serve.admission import Admission
from convsight.serve.asked_map import documented
from convsight.serve.explore.endpoints import ExploreEndpoints
from convsight.serve.explore.explored import Explored
from convsight.serve.pages import PAGE_HEADERS, docs_page, front_page, swagger_ui_file
from convsight.serve.prediction_endpoint import PredictionEndpoint
from convsight.serve.request_middleware import RequestMiddleware
from convsight.serve.schemas import (
    PREDICT_BODY,
    PREDICT_RESPONSES,
    Health,
    Predictions,
    Refused,
    Running,
    ServedModel,
    ServedModels,
)
from convsight.serve.served_models import choose
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.versions import versions

# Of every endpoint. Without 4XX the framework tells of a 422 of its own, with which none of them answers.
_REFUSED = (
    "Refused: 401 without the token where it is asked for, 404 for what is not there, 421 under a foreign host name."
)


def create_app(models: Mapping[str, Model], settings: ServeSettings, explored: Explored | None = None) -> FastAPI:
    """The application that answers for `models`, by name, within the limits of `settings`.

    With `explored` it has the page that looks into that network too.

    Its threads start and end with its lifespan. Limits on connections are those of `convsight.serve.connection_limits`.
    """
    admission = Admission(settings.queue, settings.max_waiting)
    metrics = ServerMetrics(admission)
    endpoint = PredictionEndpoint(models, settings, admission, metrics)
    explorer = None if explored is None else ExploreEndpoints(explored, settings, admission)
    app = FastAPI(
        title="convsight",
        version=versions().get("convsight", ""),
        lifespan=endpoint.lifespan if explorer is None else explorer.beside(endpoint.lifespan),
        responses={"4XX": {"model": Refused, "description": _REFUSED}},
        # So the document says; the token itself is checked before, by the middleware.
        dependencies=[] if settings.token is None else [Depends(HTTPBearer(auto_error=False))],
        # FastAPI's own pages load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # Nothing is told to anybody else, and asking whether to would be asked at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        exception_handlers={HTTPException: _as_refusal},
    )
    app.add_middleware(RequestMiddleware, settings=settings, metrics=metrics)
    for path in ("/predict", "/predict/{model}"):
        app.add_api_route(
            path,
            endpoint.predict,
            methods=["POST"],
            response_model=Predictions,
            responses=PREDICT_RESPONSES,
            openapi_extra=PREDICT_BODY | {"parameters": documented()},
        )
    _add_pages(app)
    _add_facts(app, models)
    if explorer is not None:
        explorer.add_to(app)

    @app.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def tell_metrics() -> Response:
        """Requests, images, batches, seconds and what waits, for Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


async def _as_refusal(request: Request, error: Exception) -> Response:
    """What the framework refuses, in the form of our own refusals."""
    assert isinstance(error, HTTPException)
    body = json.dumps({"error": str(error.detail)})
    return Response(body, error.status_code, dict(error.headers or {}), "application/json")


def _add_pages(app: FastAPI) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def show_front_page() -> HTMLResponse:
        return HTMLResponse(front_page(), headers=PAGE_HEADERS)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def show_docs() -> HTMLResponse:
        return HTMLResponse(docs_page(), headers=PAGE_HEADERS)

    @app.get("/docs/{name}", include_in_schema=False)
    async def show_docs_file(name: str) -> Response:
        content, media_type = swagger_ui_file(name)
        return Response(content, media_type=media_type, headers=PAGE_HEADERS)


def _add_facts(app: FastAPI, models: Mapping[str, Model]) -> None:
    running = {
        name: Running(engine=model.engine.name, precision=model.engine.precision, processor=model.engine.processor)
        for name, model in models.items()
    }
    served = {name: ServedModel(name=name, card=models[name].card, **run.model_dump()) for name, run in running.items()}

    @app.get("/model")
    async def tell_models() -> ServedModels:
        """The cards of all models: task, classes, input, metrics, data, versions."""
        return ServedModels(models=list(served.values()))

    @app.get("/model/{name}")
    async def tell_model(name: str) -> ServedModel:
        """The card of one model."""
        return served[choose(models, name)]

    @app.get("/health")
    async def tell_health() -> Health:
        """That the server is ready; needs no token."""
        return Health(status="ready", models=running)
