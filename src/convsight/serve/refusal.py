"""`RefusedError`: why a request gets no answer, as a status and words for whoever sent it."""

from collections.abc import Mapping

from convsight.words import in_utf8


class RefusedError(Exception):
    """A request that is not answered; `status` and `headers` are those of the response, the message is its text."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(in_utf8(message))
        self.status = status
        self.headers = dict(headers or {})


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


def busy(what: str) -> RefusedError:
    """The refusal of a server that has enough to do."""
    return RefusedError(503, f"the server is busy: {what}; try again in a second", {"Retry-After": "1"})
