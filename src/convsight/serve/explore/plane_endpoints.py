"""The endpoints of the plane of a whole data set: asked for once, told how far it is, then given to every page."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from convsight.serve.explore.explored import Explored
from convsight.serve.explore.long_work import InTurn, LongWork
from convsight.serve.explore.whole_number import whole
from convsight.serve.pages import PAGE_HEADERS
from convsight.serve.refusal import RefusedError


class PlaneEndpoints:
    """Answers for the plane of `explored`: `done` does what a page waits for, `in_turn` a step of making the plane."""

    def __init__(self, explored: Explored, done: InTurn, in_turn: InTurn) -> None:
        self._explored, self._done, self._in_turn = explored, done, in_turn
        self._work = LongWork(explored.plane.steps)

    def add_to(self, app: FastAPI) -> None:
        """Add the routes, all below /explore/plane."""
        for path, method, endpoint in (
            ("", "GET", self._progress),
            ("", "POST", self._ask),
            ("/points", "GET", self._points),
            ("/pictures/{number}", "GET", self._picture),
            ("/thumbnails/{number}", "GET", self._thumbnail),
        ):
            app.add_api_route(
                f"/explore/plane{path}", endpoint, methods=[method], include_in_schema=False, response_model=None
            )

    async def _progress(self) -> Response:
        return JSONResponse(self._work.told())

    async def _ask(self) -> Response:
        self._work.ask(self._in_turn)
        return JSONResponse(self._work.told(), 202)

    async def _points(self) -> Response:
        if self._work.found is None:
            raise RefusedError(404, "the plane is not there yet: POST /explore/plane, then GET it until it is done")
        return JSONResponse(self._work.found)

    async def _picture(self, number: str) -> Response:
        place = whole("picture", number)
        content = await self._done(lambda: self._explored.of_plane(place))
        return Response(content, media_type="application/octet-stream", headers=PAGE_HEADERS)

    async def _thumbnail(self, number: str) -> Response:
        place = whole("picture", number)
        content = await self._done(lambda: self._explored.thumbnail(self._explored.of_plane(place)))
        return Response(content, media_type="image/png", headers=PAGE_HEADERS)
