"""`HeldPictures`: the pictures that pages look at, and the layer that was opened last of each, within a limit."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from convsight.serve.refusal import RefusedError


@dataclass
class HeldPicture:
    """What was loaded (height, width, channels), and its open layer, an `inside.written.network_view.OpenLayer`."""

    array: NDArray[Any]
    layer: Any = None

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self.array.nbytes + (0 if self.layer is None else int(self.layer.size))


class HeldPictures:
    """Pictures by the digest of their files; where they are over `most` bytes together, the oldest go.

    Used by one thread alone.

    >>> import numpy as np
    >>> held = HeldPictures(most=100)
    >>> names = [held.put(bytes([n]), np.zeros(60, np.uint8)) for n in range(2)]
    >>> [name in held for name in names]
    [False, True]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pictures: dict[str, HeldPicture] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._pictures

    @property
    def size(self) -> int:
        """Bytes of all that is held."""
        return sum(picture.size for picture in self._pictures.values())

    def put(self, file: bytes, array: NDArray[Any]) -> str:
        """Hold what was loaded of `file`; returns the name that it is asked for by."""
        name = sha256(file).hexdigest()[:20]
        self._pictures.setdefault(name, HeldPicture(array))
        self._used(name)
        return name

    def get(self, name: str) -> HeldPicture:
        """The picture called `name`; raises `RefusedError` with status 410 where it is not held, or no more."""
        if name not in self._pictures:
            raise RefusedError(410, "this picture is not held any more: send it again")
        self._used(name)
        return self._pictures[name]

    def opened(self, name: str, layer: Any) -> None:
        """Hold `layer` as the open one of a picture, where there is room for it."""
        self._pictures[name].layer = layer
        self._used(name)

    def _used(self, name: str) -> None:
        """Put `name` last, and let go of what is too much: other pictures first, then its layer."""
        self._pictures[name] = self._pictures.pop(name)
        while self.size > self._most and len(self._pictures) > 1:
            del self._pictures[next(iter(self._pictures))]
        if self.size > self._most:
            self._pictures[name].layer = None
