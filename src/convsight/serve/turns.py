"""`Turns`: what waits, in an order that lets nobody's many things keep others out."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Things of many requests. In turn one of each client, and of its requests one of each, in the order they came.

    >>> turns = Turns[str]()
    >>> for client, request, item in [("a", 1, "a1"), ("a", 1, "a2"), ("a", 2, "a3"), ("b", 3, "b1")]:
    ...     turns.put(client, request, item)
    >>> [turns.take() for _ in range(len(turns))]
    ['a1', 'b1', 'a3', 'a2']
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, dict[Hashable, deque[Item]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, client: Hashable, request: Hashable, item: Item) -> None:
        """Put `item` behind those of its request."""
        self._waiting.setdefault(client, {}).setdefault(request, deque()).append(item)
        self._count += 1

    def take(self) -> Item:
        """What is next; raises StopIteration where nothing waits."""
        client, requests = next(iter(self._waiting.items()))
        request, items = next(iter(requests.items()))
        item = items.popleft()
        # Both go to the end of their lines.
        del requests[request]
        if items:
            requests[request] = items
        del self._waiting[client]
        if requests:
            self._waiting[client] = requests
        self._count -= 1
        return item
