"""`HeldStop`: Ctrl-C waits for the end of what must not be broken off, so that its state can be kept."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class HeldStop:
    """A context for what must not be broken off, such as a step; entered as often as there are steps.

    A stop that is asked for within is a KeyboardInterrupt at its end, elsewhere and the second time at once.
    `is_whole` says whether nothing was broken off.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self._asked = False

    def __enter__(self) -> None:
        self.is_whole = False

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        self.is_whole = True
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt

    def ask(self) -> None:
        """Stop as soon as may be."""
        if self.is_whole or self._asked:
            raise KeyboardInterrupt
        self._asked = True


@contextmanager
def held_stops() -> Iterator[HeldStop]:
    """Within, Ctrl-C and whatever else stops as it does (SIGTERM on the command line) ask a `HeldStop`.

    Handlers of a program's own stay as they are, and so does all outside the main thread, which gets no signals.
    """
    stop = HeldStop()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.ask()

    is_main = threading.current_thread() is threading.main_thread()
    both = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    taken = [number for number in both if signal.getsignal(number) is signal.default_int_handler]
    for number in taken:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number in taken:
            signal.signal(number, signal.default_int_handler)
