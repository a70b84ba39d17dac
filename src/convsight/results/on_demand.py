"""`OnDemand`: something that is made when it is asked for, and what is known of it since somebody looked."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar, final

Made = TypeVar("Made")
Facts = TypeVar("Facts")

_AT_ONCE = 8  # held at a time while all are looked at


@final
class OnDemand(Generic[Made, Facts]):
    """What `make` makes, anew each time, and what `look` finds out about it, once. Safe in threads."""

    def __init__(self, make: Callable[[], Made], look: Callable[[Made], Facts]) -> None:
        self.make = make
        self._look = look
        self._known: list[Facts] = []

    @property
    def is_known(self) -> bool:
        """Whether somebody looked."""
        return bool(self._known)

    def facts(self) -> Facts:
        """What is known of it."""
        if not self._known:
            self._known.append(self._look(self.make()))
        return self._known[0]


def facts_of(items: "Sequence[OnDemand[Made, Facts]]") -> list[Facts]:
    """What is known of each of `items`; those that nobody looked at are made, in threads where they are many."""
    unread = list({id(each): each for each in items if not each.is_known}.values())
    if len(unread) >= _AT_ONCE:
        with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as threads:
            list(threads.map(OnDemand.facts, unread))
    return [each.facts() for each in items]
