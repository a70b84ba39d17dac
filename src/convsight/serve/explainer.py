"""`Explainer`: maps of the images of requests, one request after the other, beside the predictions of all others."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeVar, final

from convsight.errors import UserError
from convsight.explain.evidence.company import Company, company_of
from convsight.explain.explain import ExplainedModel, explained, made_methods, map_of
from convsight.explain.importance_map import ImportanceMap, png
from convsight.explain.method import METHODS, Method
from convsight.images import ImageError
from convsight.progress import Listener, Silent, Status
from convsight.runtime.model import Model
from convsight.serve.asked_map import Asked, as_query
from convsight.serve.batcher import FAILED
from convsight.serve.pending_request import JsonPrediction, PendingRequest
from convsight.serve.refusal import ClientGoneError, RefusedError
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.tasks.question import NothingThereError

_log = logging.getLogger(__name__)

# A request counts as this part of what may wait, at most, however many varied pictures are left: others find room.
_MOST_SHARE = 2
_PATIENCE = 1.0  # s

Done = TypeVar("Done")


class Explainer:
    """Explains in one thread; every varied picture that is not answered yet counts as an image that waits.

    So many as there is room for: an explanation that has begun goes on, whatever else waits.
    """

    def __init__(self, models: Mapping[str, Model], settings: ServeSettings, metrics: ServerMetrics) -> None:
        self._models = models
        self._settings = settings
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explanations")

    async def explain(self, name: str, asked: Asked, pending: PendingRequest) -> list[ImportanceMap | None]:
        """The map of each image by the model called `name`; `pending` is settled image by image.

        A map takes 8 bytes a pixel, so that None stands for it where `pending` keeps no images: predictions then have
        it as a PNG file in base64, which counts as what waits. Raises `RefusedError` with status 422 where that model's
        answers cannot be explained so, and where there is no room for what counts, as `Ticket.add_bytes` does.
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
                found.append(image if pending.keeps_images else None)
                if "map" in prediction:
                    self._in_loop(pending, partial(pending.ticket.add_bytes, len(prediction["map"])))
                self._settle(name, pending, index, outcome, prediction)
                settled += 1
        finally:
            for index in range(settled, len(pending)):
                self._settle(name, pending, index, "dropped", {})
        return found

    def _prepared(self, name: str, asked: Asked, pending: PendingRequest) -> "_Prepared":
        held = _Held(partial(self._hold, pending), partial(self._give_back, pending))
        charging = _Charging(pending, held, self._settings.queue // _MOST_SHARE)
        try:
            network = explained(self._models[name], charging)
            methods = made_methods([asked.method], asked.options)
        except UserError as error:
            raise RefusedError(422, as_query(str(error))) from None
        method = methods[asked.method]
        if METHODS[asked.method].light:
            if "samples" in method.takes and asked.options.samples is None:
                method.options = replace(asked.options, samples=self._settings.queue)
            return _Prepared(network, method, company_of(network))
        try:
            _ = network.opened
        except UserError as error:  # which names files of this machine
            _log.warning("%s of %s: %s", asked.method, name, error)
            others = ", ".join(each for each, entry in METHODS.items() if entry.light)
            raise RefusedError(
                422,
                f"{asked.method} follows gradients, and {name} is served without PyTorch or its weights: serve the run "
                f"with its model.safetensors, or ask for {others}",
            ) from None
        try:
            network.check(methods)
        except UserError as error:
            raise RefusedError(422, as_query(str(error))) from None
        return _Prepared(network, method, company_of(network))

    def _one(
        self, prepared: "_Prepared", asked: Asked, pending: PendingRequest, index: int
    ) -> tuple[ImportanceMap | None, JsonPrediction, str]:
        """The map of one image, what is told of it, and what became of it in a word."""
        if pending.is_dropped:
            raise ClientGoneError
        try:
            subject = prepared.network.subject(pending.take(index), asked.target, self._settings.max_megapixels)
            found = map_of(subject, asked.method, prepared.method)
            if asked.evidence:
                found = prepared.company.judged(found, subject)
        except (ImageError, NothingThereError) as error:
            return None, {"error": str(error)}, "unreadable"
        except UserError as error:
            raise RefusedError(422, as_query(str(error))) from None
        except (RefusedError, ClientGoneError):
            raise
        except Exception:
            _log.exception("explaining an image failed")
            return None, {"error": FAILED}, "failed"
        remark = {"remark": subject.remark} if subject.remark else {}
        alone = {} if pending.keeps_images else {"map": b64encode(png(found.alone())).decode()}
        return found, {**found.to_json(), **remark, **alone}, "answered"

    def _hold(self, pending: PendingRequest, pictures: int) -> int:
        """Let so many pictures count as waiting, or as many as there is room for, which it returns; from the thread."""
        return self._in_loop(pending, partial(pending.ticket.hold_varied, pictures))

    def _in_loop(self, pending: PendingRequest, do: Callable[[], Done]) -> Done:
        """What `do` gives in the loop of the server; called from the thread."""

        async def done() -> Done:
            return do()

        asked = asyncio.run_coroutine_threadsafe(done(), self._loop)
        while True:
            try:
                return asked.result(_PATIENCE)
            except TimeoutError:  # the server stops, and waits for this thread
                if pending.is_dropped:
                    raise ClientGoneError from None

    def _give_back(self, pending: PendingRequest, left: int) -> None:
        """Let no more than `left` count; called from the thread."""
        self._loop.call_soon_threadsafe(pending.ticket.hold_varied, left)

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


class _Held(NamedTuple):
    """What lets so many pictures count as waiting, and returns for how many there was room; and lets fewer count."""

    hold: Callable[[int], int]
    give_back: Callable[[int], None]


@final
class _Charging(Listener):
    """Is told how many varied pictures are answered: those that are left count, `most` of them at most."""

    def __init__(self, pending: PendingRequest, held: _Held, most: int) -> None:
        self._pending = pending
        self._held = held
        self._most = most
        self._silent = Silent()

    def say(self, text: str) -> None:
        self._silent.say(text)

    def epoch(self, number: int, text: str) -> None:
        self._silent.epoch(number, text)

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        left = total or 0
        held = self._held.hold(min(left, self._most)) if left else 0

        def advance(done: int) -> None:
            nonlocal left, held
            if self._pending.is_dropped:
                raise ClientGoneError
            left -= done
            if left < held:
                held = left
                self._held.give_back(left)

        try:
            yield advance
        finally:
            self._held.give_back(0)

    @contextmanager
    def training(self) -> Iterator[Callable[[Status], None]]:
        with self._silent.training() as told:
            yield told


def drawn_map(found: ImportanceMap) -> bytes:
    """The map over its picture, as a PNG file."""
    return png(found.draw())
