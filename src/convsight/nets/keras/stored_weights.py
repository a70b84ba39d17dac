"""The numbers in a weights file of Keras: HDF5, opened in memory, nothing in it followed elsewhere."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.nets.keras.archive import Archive
from convsight.nets.keras.model import KerasLayer

Floats = NDArray[np.float32]

_LAYERS = "layers"
_VARIABLES = "vars"
# What HDF5 makes of a damaged file.
_DAMAGE = (OSError, ValueError, KeyError, RuntimeError, TypeError)


class StoredWeights:
    """An open weights file, laid out as Keras 3 and the last of Keras 2 do: `layers/NAME/vars/0`, `1`, and so on."""

    def __init__(self, name: str, root: Any) -> None:
        self.name = name
        self._root = root

    def arrays(self, layer: KerasLayer, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
        """The weights of a layer in Keras's order, float32.

        Raises `UserError` unless there are exactly as many as `shapes`, of these shapes: nothing else is read.
        """
        group = self._root
        for part in (_LAYERS, layer.stored_as, _VARIABLES):
            group = self._child(group, part, layer)
        if sorted(group) != [str(number) for number in range(len(shapes))]:
            raise layer.error(f"{self.name} holds {len(group)} weights for it, where it has {len(shapes)}")
        return [self._array(group, str(number), layer, shape) for number, shape in enumerate(shapes)]

    def _child(self, group: Any, name: str, layer: KerasLayer) -> Any:
        h5py = _h5py()
        link = group.get(name, getlink=True) if isinstance(group, h5py.Group) else None
        if link is None:
            raise layer.error(f"{self.name} holds no weights for it")
        if not isinstance(link, h5py.HardLink):
            raise layer.error(f"its weights in {self.name} are a link to elsewhere, which is not followed")
        return group[name]

    def _array(self, group: Any, name: str, layer: KerasLayer, shape: tuple[int, ...]) -> Floats:
        stored = self._child(group, name, layer)
        found = getattr(stored, "shape", None)
        if found != shape:
            raise layer.error(f"weight {name} in {self.name} has the shape {found}, where it must be {shape}")
        if stored.external or stored.is_virtual:
            raise layer.error(f"weight {name} in {self.name} lies in another file, which is not read")
        if stored.dtype.kind != "f":
            raise layer.error(f"weight {name} in {self.name} holds {stored.dtype}, not floating-point numbers")
        return np.asarray(stored[()], dtype=np.float32)


@contextmanager
def opened(archive: Archive) -> Iterator[StoredWeights]:
    """The weights of a file, open. Raises `UserError` where there are none, or they are damaged."""
    if archive.weights is None:
        raise UserError(f"{archive.path} has no weights: {archive.weights_name} is missing")
    try:
        with _h5py().File(io.BytesIO(archive.weights), "r") as root:
            yield StoredWeights(archive.weights_name, root)
    except _DAMAGE as error:
        raise UserError(f"{archive.weights_name} is damaged, or no weights file of Keras: {error}") from error


def _h5py() -> Any:
    try:
        return import_module("h5py")
    except ImportError as error:
        raise UserError('weights of Keras need h5py: pip install ".[keras]" in the clone of convsight') from error
