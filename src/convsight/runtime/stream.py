"""Predicting a stream of images: decoding and inference overlap, memory stays the same however many there are."""

import os
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from convsight.errors import UserError
from convsight.images import ImageError, Source, TooLargeError
from convsight.inputs import InputSpec, Loaded
from convsight.results import InvalidOutputError
from convsight.runtime.batch_results import Outputs, outputs_of
from convsight.runtime.engine import Engine
from convsight.runtime.original import original_picture
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources import Item
from convsight.tasks.reader import Reader

_FILL_S = 0.05  # how long a steady stream waits for one more image of a batch
BATCH = 8  # images run at once, at most: more made none of the engines faster
_JOIN_S = 1.0  # how long an interrupted stream waits for threads that read; one may hang in a read for ever


@dataclass(frozen=True)
class Decoding:
    """How images are read, in `workers` threads, and put together.

    With `keep`, a prediction holds the content of its image. With `steady`, every batch is filled up to `BATCH`, so
    that the last digits of a prediction, which depend on the size of the batch, are the same whenever an image is read.
    `larger` is what else can be done about an image that is too large, for its message.
    """

    input: InputSpec
    workers: int = 2
    max_megapixels: float = 100.0
    keep: bool = False
    steady: bool = False
    larger: str = ""


class _Read(NamedTuple):
    position: int
    name: str
    fitted: Loaded
    content: Source | None  # where it is kept, or only named: a file


class _Run(NamedTuple):
    """A batch that was predicted."""

    batch: list[_Read]
    outputs: Outputs


class _Bad(NamedTuple):
    """An image that has no prediction."""

    position: int
    prediction: Prediction


class _End(NamedTuple):
    """There are `total` images; with `error`, because the source broke off."""

    total: int
    error: BaseException | None


class _Broken(NamedTuple):
    """A thread met an error that is none of an image."""

    error: BaseException


def stream(
    engine: Engine, reader: Reader, items: Iterator[Item], decoding: Decoding
) -> Generator[Prediction, None, None]:
    """A prediction for each of `items`, in order, as soon as it is ready; a bad image is reported in its place.

    `decoding.workers` threads take items and read them, `engine.streams` threads run the network on whatever is read
    by then, at most `BATCH` images at once: a slow source is predicted image by image, a fast one in full batches.
    Only so many items are under way that all threads have work.
    """
    flow = _Flow(engine, reader, items, decoding)
    try:
        yield from flow.predictions()
    finally:
        flow.stop()


def _prediction(run: _Run, index: int, decoding: Decoding) -> Prediction:
    """What became of the image at `index` of a batch."""
    _, name, fitted, content = run.batch[index]
    try:
        result = run.outputs.result(index)
        if content is not None:
            result = result.about(partial(original_picture, decoding.input, content, decoding.max_megapixels))
        return Prediction(name, result, image=content if decoding.keep else None, remark=fitted.remark)
    except InvalidOutputError as error:
        return Prediction(name, error=f"{name}: the network gives no prediction: {error}")


class _Flow:
    """Three queues between three kinds of threads: those that read, those that run the network, and the caller's.

    Nothing waits by looking: queues of C code block and wake, once an image or batch.
    """

    def __init__(self, engine: Engine, reader: Reader, items: Iterator[Item], decoding: Decoding) -> None:
        self._engine = engine
        self._reader = reader
        self._items = items
        self._decoding = decoding
        self._taking = threading.Lock()
        self._process = os.getpid()
        self._taken = 0
        self._over = False
        self._room: SimpleQueue[None] = SimpleQueue()  # one entry for each image that may be taken up
        self._loaded: SimpleQueue[_Read | None] = SimpleQueue()
        self._done: SimpleQueue[_Run | _Bad | _End | _Broken] = SimpleQueue()
        readers = max(1, decoding.workers)
        for _ in range(readers + BATCH * (engine.streams + 2)):
            self._room.put(None)
        # Daemons: one that hangs in a read must not keep the process.
        self._readers = [self._thread(self._read) for _ in range(readers)]
        self._runners = [self._thread(self._run) for _ in range(engine.streams)]
        for thread in (*self._readers, *self._runners):
            thread.start()

    def predictions(self) -> Iterator[Prediction]:
        """The predictions in order; results are made here, while the next batch runs."""
        waiting: dict[int, Prediction] = {}
        next_position = 0
        end: _End | None = None
        while end is None or next_position < end.total:
            if self._process != os.getpid():  # its threads are the parent's
                raise UserError("these predictions were begun before the process was forked; begin anew in this one")
            match self._done.get():
                case _Run() as run:
                    for index, loaded in enumerate(run.batch):
                        waiting[loaded.position] = _prediction(run, index, self._decoding)
                case _Bad(position, prediction):
                    waiting[position] = prediction
                case _End() as end:
                    pass
                case _Broken(error):
                    raise error
            while next_position in waiting:
                prediction = waiting.pop(next_position)
                next_position += 1
                self._room.put(None)
                yield prediction
        if end.error:
            raise end.error

    def stop(self) -> None:
        """End all threads; those inside the network finish their batch."""
        self._over = True
        for _ in self._readers:
            self._room.put(None)
        for _ in self._runners:
            self._loaded.put(None)
        for thread in self._runners:
            thread.join()
        for thread in self._readers:
            thread.join(_JOIN_S)

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=self._reporting, args=(work,), name="predict", daemon=True)

    def _reporting(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._done.put(_Broken(error))

    def _read(self) -> None:
        d = self._decoding
        while True:
            self._room.get()
            taken = self._take()
            if taken is None:
                return
            position, item = taken
            try:
                content = item.load()
                fitted = d.input.load(content, d.max_megapixels, item.name)
            except ImageError as error:
                more = d.larger if isinstance(error, TooLargeError) else ""
                self._done.put(_Bad(position, Prediction(item.name, error=f"{error}{more}")))
            else:
                kept = content if d.keep or isinstance(content, Path) else None
                self._loaded.put(_Read(position, item.name, fitted, kept))

    def _take(self) -> tuple[int, Item] | None:
        """The next item and its position; None when there is none, which the first thread to find out reports."""
        with self._taking:
            if self._over:
                return None
            try:
                item = next(self._items)
            except StopIteration:
                self._end(None)
                return None
            except BaseException as error:
                self._end(error)
                return None
            self._taken += 1
            return self._taken - 1, item

    def _end(self, error: BaseException | None) -> None:
        self._over = True
        self._done.put(_End(self._taken, error))
        for _ in self._readers:
            self._room.put(None)

    def _run(self) -> None:
        steady = self._decoding.steady
        while (first := self._loaded.get()) is not None:
            batch = [first]
            while len(batch) < BATCH:
                try:
                    more = self._loaded.get(steady, _FILL_S)
                except Empty:
                    break
                if more is None:
                    self._loaded.put(None)  # for the turn after this batch
                    break
                batch.append(more)
            images, sizes = [loaded.fitted.array for loaded in batch], [loaded.fitted.size for loaded in batch]
            self._done.put(_Run(batch, outputs_of(self._engine, self._reader, images, sizes, BATCH if steady else 0)))
