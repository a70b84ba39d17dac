"""`serve`: the process, from the socket to the last answer."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import chain

import numpy as np
import uvicorn
from PIL import Image
from starlette.types import ASGIApp

from convsight.errors import UserError
from convsight.runtime.model import Model
from convsight.serve.app import create_app
from convsight.serve.connection_limits import KEEP_ALIVE_SECONDS, Connections
from convsight.serve.explore.explored import Explored
from convsight.serve.settings import ServeSettings

_SLACK_SECONDS = 10.0  # beyond a request's time limit, for what is still being sent
# Bytes that Pillow asks for at once. What is larger than 32 MiB the C library gives back when it is freed; of its usual
# 16 MiB each thread would keep what its largest image took.
_PILLOW_BLOCK = 2**26
_OTHER_FILES = 200  # that the process may have open beside its connections


def serve(
    models: Mapping[str, Model],
    settings: ServeSettings,
    say: Callable[[str], object],
    explored: Explored | None = None,
) -> None:
    """Answer until told to stop; `say` is told what runs each model, and the address when all is ready.

    With `explored` the page that looks into that network is there too, and its address is told.

    Stopped by SIGTERM, SIGHUP or SIGINT it takes no more connections, finishes what it has taken on, and returns; after
    SIGINT it raises KeyboardInterrupt instead. A second SIGINT ends it at once. Raises `UserError` where it cannot
    listen.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.ERROR)
    Image.core.set_block_size(_PILLOW_BLOCK)  # type: ignore[attr-defined]  # documented all the same
    with _listener(settings) as listener:
        for name, model in models.items():
            _warm_up(name, model)
            say(f"{name}: {model.words}")
        most = _connections_possible(settings.max_connections)
        connections = Connections(most, settings.timeout + _SLACK_SECONDS)
        url = _url(settings, listener)
        page = "" if explored is None else f"; the page is {url}/explore"
        ready = partial(say, f"listening on {url}{page}")
        app = connections.counted(create_app(models, settings, explored))
        server = _Server(_config(app, settings, connections), connections, ready)
        with _quiet_end(server):
            server.run(sockets=[listener])


@contextmanager
def _quiet_end(server: uvicorn.Server) -> Iterator[None]:
    """SIGTERM ends the server and not the process, to which uvicorn sends it once more when all is done.

    So does SIGHUP, which uvicorn does not know: it comes where a terminal goes, unless it is ignored (`nohup`).
    """

    def end(*_: object) -> None:
        server.should_exit = True

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: None)}
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _config(app: ASGIApp, settings: ServeSettings, connections: Connections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connections.protocol(),  # type: ignore[arg-type]  # what makes one does as well as the class
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(KEEP_ALIVE_SECONDS),
        timeout_graceful_shutdown=int(settings.timeout + _SLACK_SECONDS),
    )


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it is ready, and answers all whom it has accepted before it ends."""

    def __init__(self, config: uvicorn.Config, connections: Connections, on_ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._connections = connections
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take on who waits to be accepted, answer what is on its way, and end as uvicorn does."""
        listeners = [listener.dup() for listener in sockets or ()]
        for server in self.servers:  # which closes the sockets, but not what was duplicated
            server.close()
        for connection in chain(*map(_last_accepted, listeners)):
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await self._connections.last_call()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        options = {"config": self.config, "server_state": self.server_state, "app_state": self.lifespan.state}
        return self._connections.protocol()(**options)


def _last_accepted(listener: socket.socket) -> list[socket.socket]:
    """The connections that the system has made for `listener` and that nobody has taken; then it is closed.

    A client believes that it is connected before the server takes the connection, and may have asked already.
    """
    found = []
    with listener, suppress(OSError):  # where no more are there
        listener.listen(0)  # the system makes no more
        while True:
            found.append(listener.accept()[0])
    return found


def _warm_up(name: str, model: Model) -> None:
    """The first run of an engine is slow, and what cannot run should fail before anybody asks."""
    spec = model.card.input
    try:
        model.engine.run(np.zeros((1, *spec.array_shape), spec.dtype))
    except Exception as error:  # engines raise whatever their library does
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"{name} does not run by {model.engine.name} here: {reason[0]}; export it again, or try another --engine"
        ) from error


def _listener(settings: ServeSettings) -> socket.socket:
    """A socket bound to the address; bound before anything else starts, so that a port in use is told at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as where_it_fails:
            listener = where_it_fails.enter_context(socket.socket(family, kind, protocol))
            if sys.platform != "win32":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
            where_it_fails.pop_all()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; choose another with --port, or --port 0 "
            "for a free one"
        ) from error
    return listener


def _url(settings: ServeSettings, listener: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _connections_possible(wanted: int) -> int:
    """`wanted`, or as many as the system lets one process have open."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415  not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        wanted = min(wanted, soft - _OTHER_FILES)
    return max(1, wanted)
