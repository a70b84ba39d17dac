"""`Explainer`: maps of the images of requests, one request after the other, beside the predictions of all others."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, final

from convsight.errors import UserError, unknown_name
from convsight.explain.evidence.company import Company, company_of
from convsight.explain.explain import ExplainedModel, explained, map_of
from convsight.explain.importance_map import ImportanceMap, png
from convsight.explain.method import METHODS, Method, MethodOptions, make_method
from convsight.images import ImageError
from convsight.progress import Listener, Silent, Status
from convsight.runtime.model import Model
from convsight.serve.batcher import FAILED
from convsight.serve.pending_request import JsonPrediction, PendingRequest
from convsight.serve.refusal import ClientGoneError, RefusedError
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.tasks.question import NothingThereError

_log = logging.getLogger(__name__)

# A request counts as this part of what may wait, at most, however many varied pictures it takes: others find room.
_MOST_SHARE = 2


@dataclass(frozen=True)
class Asked:
    """By which method an answer shall be explained, and which; None is the surest."""

    method: str
    target: str | None


def asked_of(method: str | None, target: str | None) -> Asked | None:
    """What a request asks to be explained; None for predictions.

    Raises `RefusedError` with status 422 for an unknown method, and for a target without one.
    """
    if method is None:
        if target is not None:
            raise RefusedError(422, "target goes with explain: it says which answer is explained")
        return None
    if method not in METHODS:
        raise RefusedError(422, str(unknown_name("method", method, METHODS)))
    return Asked(method, target)


class Explainer:
    """Explains in one thread; every varied picture that the network answers counts as an image that waits."""

    def __init__(self, models: Mapping[str, Model], settings: ServeSettings, metrics: ServerMetrics) -> None:
        self._models = models
        self._settings = settings
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explanations")

    async def explain(self, name: str, asked: Asked, pending: PendingRequest) -> list[ImportanceMap | None]:
        """The map of each image by the model called `name`; `pending` is settled image by image.

        Raises `RefusedError` with status 422 where that model's answers cannot be explained so, and 503 where there is
        no room for so many varied pictures.
        """
        work = self._thread.submit(self._explained, name, asked, pending)
        # Where nobody waits any more it ends by itself, and settles what is left.
        return await asyncio.shield(asyncio.wrap_future(work))

    def close(self) -> None:
        """End the thread after what it is at."""
        self._thread.shutdown(cancel_futures=True)

    def _explained(self, name: str, asked: Asked, pending: PendingRequest) -> list[ImportanceMap | None]:
        settled = 0
        found: list[ImportanceMap | None] = []
        try:
            prepared = self._prepared(name, asked, pending)
            for index in range(len(pending)):
                image, prediction, outcome = self._one(prepared, asked, pending, index)
                found.append(image)
                self._settle(name, pending, index, outcome, prediction)
                settled += 1
        finally:
            for index in range(settled, len(pending)):
                self._settle(name, pending, index, "dropped", {})
        return found

    def _prepared(self, name: str, asked: Asked, pending: PendingRequest) -> "_Prepared":
        charging = _Charging(pending, partial(self._charge, pending), self._settings.queue // _MOST_SHARE)
        try:
            network = explained(self._models[name], charging)
            method = make_method(asked.method, MethodOptions())
            if METHODS[asked.method].light and "samples" in method.takes:
                method.options = MethodOptions(samples=self._settings.queue)
        except UserError as error:
            raise RefusedError(422, str(error)) from None
        try:
            network.check({asked.method: method})
        except UserError as error:  # which names files of this machine
            _log.warning("%s of %s: %s", asked.method, name, error)
            others = ", ".join(each for each, entry in METHODS.items() if entry.light)
            raise RefusedError(
                422,
                f"{asked.method} follows gradients, and {name} is served without PyTorch or its weights: serve the run "
                f"with its model.safetensors, or ask for {others}",
            ) from None
        return _Prepared(network, method, company_of(network))

    def _one(
        self, prepared: "_Prepared", asked: Asked, pending: PendingRequest, index: int
    ) -> tuple[ImportanceMap | None, JsonPrediction, str]:
        """The map of one image, what is told of it, and what became of it in a word."""
        if pending.is_dropped:
            raise ClientGoneError
        try:
            subject = prepared.network.subject(pending.take(index), asked.target, self._settings.max_megapixels)
            found = prepared.company.judged(map_of(subject, asked.method, prepared.method), subject)
        except (ImageError, NothingThereError) as error:
            return None, {"error": str(error)}, "unreadable"
        except UserError as error:
            raise RefusedError(422, str(error)) from None
        except (RefusedError, ClientGoneError):
            raise
        except Exception:
            _log.exception("explaining an image failed")
            return None, {"error": FAILED}, "failed"
        remark = {"remark": subject.remark} if subject.remark else {}
        alone = b64encode(png(found.alone())).decode()
        return found, {**found.to_json(), **remark, "map": alone}, "answered"

    def _charge(self, pending: PendingRequest, pictures: int) -> None:
        """Let so many more pictures count as waiting; called from the thread."""

        async def add() -> None:
            pending.ticket.add_images(pictures)

        asyncio.run_coroutine_threadsafe(add(), self._loop).result()

    def _settle(self, name: str, pending: PendingRequest, index: int, outcome: str, prediction: JsonPrediction) -> None:
        def settle() -> None:
            self._metrics.images.labels(name, outcome).inc()
            pending.settle(index, prediction)

        self._loop.call_soon_threadsafe(settle)


class _Prepared(NamedTuple):
    """What explains the images of a request."""

    network: ExplainedModel
    method: Method
    company: Company


@final
class _Charging(Listener):
    """Is told how many varied pictures are answered: they are counted before, and nobody need wait for them after."""

    def __init__(self, pending: PendingRequest, charge: Callable[[int], None], most: int) -> None:
        self._pending = pending
        self._charge = charge
        self._left = most
        self._silent = Silent()

    def say(self, text: str) -> None:
        self._silent.say(text)

    def epoch(self, number: int, text: str) -> None:
        self._silent.epoch(number, text)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        if more := min(total or 0, self._left):
            self._charge(more)
            self._left -= more

        def advance(done: int) -> None:
            if self._pending.is_dropped:
                raise ClientGoneError

        yield advance

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        with self._silent.training() as told:
            yield told


def drawn_map(found: ImportanceMap) -> bytes:
    """The map over its picture, as a PNG file."""
    return png(found.draw())
