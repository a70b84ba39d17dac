"""The endpoints of thresholds: a picture with what is found from one on, and how good that is on known pictures."""

import asyncio

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from convsight.serve.admission import Admission, client_of
from convsight.serve.explore.explored import Explored
from convsight.serve.explore.long_work import InTurn, LongWork
from convsight.serve.refusal import RefusedError
from convsight.serve.request_body import receive_body
from convsight.serve.settings import ServeSettings


class ThresholdEndpoints:
    """Answers for thresholds of `explored`: `done` does what a page waits for, `in_turn` a step of judging."""

    def __init__(
        self, explored: Explored, settings: ServeSettings, admission: Admission, done: InTurn, in_turn: InTurn
    ) -> None:
        self._thresholds, self._settings, self._admission = explored.thresholds, settings, admission
        self._done, self._in_turn = done, in_turn
        self._work = LongWork(self._thresholds.steps)

    def add_to(self, app: FastAPI) -> None:
        """Add the routes, all below /explore/thresholds."""
        for path, method, endpoint in (
            ("", "GET", self._progress),
            ("", "POST", self._ask),
            ("/swept", "GET", self._swept),
            ("/drawn", "POST", self._drawn),
        ):
            app.add_api_route(
                f"/explore/thresholds{path}", endpoint, methods=[method], include_in_schema=False, response_model=None
            )

    async def _progress(self) -> Response:
        return JSONResponse(self._work.told())

    async def _ask(self) -> Response:
        if not self._thresholds.are_there:
            raise RefusedError(404, "answers of this network have no threshold that is chosen here")
        self._work.ask(self._in_turn)
        return JSONResponse(self._work.told(), 202)

    async def _swept(self) -> Response:
        if self._work.found is None:
            raise RefusedError(404, "nothing is judged yet: POST /explore/thresholds, then GET it until it is done")
        return JSONResponse(self._work.found)

    async def _drawn(self, request: Request, threshold: str | None = None) -> Response:
        wanted = None if threshold is None else _share(threshold)
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        ticket = self._admission.ticket(client_of(request.client.host if request.client else ""))
        try:
            body = await receive_body(request.receive, ticket, deadline)
            return JSONResponse(await self._done(lambda: self._thresholds.drawn(body, wanted)))
        finally:
            ticket.release()


def _share(text: str) -> float:
    """A threshold in an address; raises `RefusedError` with status 422 for what is none."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise RefusedError(422, f"threshold {text[:50]!r}: give a number from 0 to 1")
    return found
