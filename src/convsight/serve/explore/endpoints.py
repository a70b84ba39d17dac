"""The endpoints of the explorer: its page, and what the page asks for, within the limits of the server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from convsight.pages.page import style
from convsight.serve.admission import Admission, client_of
from convsight.serve.explore.explored import Cell, Explored
from convsight.serve.explore.long_work import in_thread
from convsight.serve.explore.plane_endpoints import PlaneEndpoints
from convsight.serve.explore.threshold_endpoints import ThresholdEndpoints
from convsight.serve.explore.whole_number import whole
from convsight.serve.pages import PAGE_HEADERS
from convsight.serve.refusal import RefusedError, busy
from convsight.serve.request_body import receive_body
from convsight.serve.settings import ServeSettings

FILES = {
    "explore.css": "text/css",
    "explore.js": "text/javascript",
    "server.js": "text/javascript",
    "elements.js": "text/javascript",
    "answer.js": "text/javascript",
    "picture.js": "text/javascript",
    "hiding.js": "text/javascript",
    "network.js": "text/javascript",
    "arithmetic.js": "text/javascript",
    "filter.js": "text/javascript",
    "camera.js": "text/javascript",
    "plane.css": "text/css",
    "plane.js": "text/javascript",
    "marks.js": "text/javascript",
    "selecting.js": "text/javascript",
    "shared.js": "text/javascript",
    "thresholds.js": "text/javascript",
    "sweep.js": "text/javascript",
    "thresholds.css": "text/css",
}

_MOST_WAITING = 64  # requests of pages; each holds little but a connection

Done = TypeVar("Done")


class ExploreEndpoints:
    """Answers for `explored` in one thread, for which so many requests may wait; bodies count as those of others do."""

    def __init__(self, explored: Explored, settings: ServeSettings, admission: Admission) -> None:
        self._explored, self._settings, self._admission = explored, settings, admission
        self._waiting = 0

    def beside(
        self, others: Callable[[FastAPI], AbstractAsyncContextManager[None]]
    ) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
        """A lifespan that keeps this thread too."""

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="explorer")
            try:
                async with others(app):
                    yield
            finally:
                self._thread.shutdown(cancel_futures=True)

        return lifespan

    def add_to(self, app: FastAPI) -> None:
        """Add the routes, all below /explore."""
        for path, endpoint in (
            ("", self._page),
            ("/files/{name}", self._file),
            ("/network", self._network),
            ("/samples/{number}", self._sample),
            ("/thumbnails/{number}", self._thumbnail),
            ("/layers/{layer:path}", self._layer),
            ("/cells/{layer:path}", self._cell),
            ("/filters/{layer:path}", self._filter),
            ("/exciting/{layer:path}", self._exciting),
        ):
            app.add_api_route(
                f"/explore{path}", endpoint, methods=["GET"], include_in_schema=False, response_model=None
            )
        app.add_api_route(
            "/explore/pictures", self._picture, methods=["POST"], include_in_schema=False, response_model=None
        )
        PlaneEndpoints(self._explored, self._done, self._in_turn).add_to(app)
        ThresholdEndpoints(self._explored, self._settings, self._admission, self._done, self._in_turn).add_to(app)

    async def _page(self) -> Response:
        return HTMLResponse(_read("explore.html"), headers=PAGE_HEADERS)

    async def _file(self, name: str) -> Response:
        if name == "style.css":
            return Response(style(), media_type="text/css", headers=PAGE_HEADERS)
        if name not in FILES:
            raise RefusedError(404, "Not Found")
        return Response(_read(name), media_type=FILES[name], headers=PAGE_HEADERS)

    async def _network(self) -> Response:
        return JSONResponse(await self._done(self._explored.facts))

    async def _sample(self, number: str) -> Response:
        place = whole("picture", number)
        content = await self._done(lambda: self._explored.sample(place))
        return Response(content, media_type="application/octet-stream", headers=PAGE_HEADERS)

    async def _thumbnail(self, number: str) -> Response:
        place = whole("picture", number)
        content = await self._done(lambda: self._explored.thumbnail(self._explored.sample(place)))
        return Response(content, media_type="image/png", headers=PAGE_HEADERS)

    async def _picture(self, request: Request) -> Response:
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        ticket = self._admission.ticket(_client(request))
        try:
            body = await receive_body(request.receive, ticket, deadline)
            return JSONResponse(await self._done(lambda: self._explored.take(body)))
        finally:
            ticket.release()

    async def _layer(self, layer: str, picture: str = "", channel: str | None = None) -> Response:
        wanted = None if channel is None else whole("channel", channel)
        return JSONResponse(await self._done(lambda: self._explored.maps(picture, layer, wanted)))

    async def _cell(
        self, layer: str, picture: str = "", channel: str = "0", row: str = "0", column: str = "0"
    ) -> Response:
        cell = Cell(whole("channel", channel), whole("row", row), whole("column", column))
        return JSONResponse(await self._done(lambda: self._explored.cell(picture, layer, cell)))

    async def _filter(self, layer: str, channel: str = "0") -> Response:
        wanted = whole("channel", channel)
        return JSONResponse(await self._done(lambda: self._explored.filter(layer, wanted)))

    async def _exciting(self, layer: str, channel: str = "0") -> Response:
        wanted = whole("channel", channel)
        return JSONResponse(await self._done(lambda: self._explored.exciting(layer, wanted)))

    async def _in_turn(self, work: Callable[[], Done]) -> Done:
        """What `work`, a step of what nobody waits for, gives in the thread."""
        found: Done = await in_thread(self._thread, work)
        return found

    async def _done(self, work: Callable[[], Done]) -> Done:
        """What `work` gives in the thread; refused with 503 where too many wait, 504 where it takes too long."""
        if self._waiting >= _MOST_WAITING:
            raise busy(f"{self._waiting} requests of pages wait")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except TimeoutError:
            raise RefusedError(504, "the answer took too long: try again, or take a smaller network") from None
        finally:
            self._waiting -= 1


def _client(request: Request) -> str:
    return client_of(request.client.host if request.client else "")


def _read(name: str) -> Any:
    return (files("convsight.serve.explore") / name).read_text(encoding="utf-8")
