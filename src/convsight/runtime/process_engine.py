"""`ProcessEngine`: an engine of the process that uses it, also where that was forked after the engine was made.

The threads of an engine stay in the process that made it. Whoever loads a model and forks (gunicorn --preload,
multiprocessing on Linux, workers of a PyTorch loader) would wait for them for ever in the child; so the child makes the
engine once more, when it first predicts.
"""

import ctypes
import os
from collections.abc import Callable
from threading import Lock
from typing import Any, final
from weakref import WeakSet

from numpy.typing import NDArray

from convsight.runtime.engine import Engine


@final
class ProcessEngine(Engine):
    """Runs what `made` is, and in a forked child what `make_in_child` then makes."""

    def __init__(self, made: Engine, make_in_child: Callable[[], Engine]) -> None:
        self._engine: Engine | None = made
        self._make_in_child = make_in_child
        self._making = Lock()
        self.name, self.precision, self.processor, self.streams = (
            made.name,
            made.precision,
            made.processor,
            made.streams,
        )
        _living.add(self)

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """What the engine gives; raises `UserError` in a child that cannot make it again."""
        return (self._engine or self._made_in_child()).run(inputs)

    def _made_in_child(self) -> Engine:
        with self._making:
            if self._engine is None:
                self._engine = self._make_in_child()
            return self._engine

    def forked(self) -> None:
        """Forget the parent's engine, in a child."""
        if self._engine is not None:
            # Never freed: its end would wait for the parent's threads too, or abort the child when that ends.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._engine))
        self._engine = None
        self._making = Lock()


_living: "WeakSet[ProcessEngine]" = WeakSet()


def _all_forked() -> None:
    for engine in list(_living):
        engine.forked()


if hasattr(os, "register_at_fork"):  # there are no forks on Windows
    os.register_at_fork(after_in_child=_all_forked)
