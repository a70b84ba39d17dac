"""`KerasModel`: the layers of a Sequential network as Keras describes them, not yet understood."""

import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.nets.text.layers.layer import Sides
from convsight.nets.text.parse import MAX_LAYERS
from convsight.nets.text.volume import InputShape

_INPUT_LAYER = "InputLayer"
_SHAPES = ("batch_shape", "batch_input_shape")  # Keras 3, Keras 2
_LARGEST = 1_000_000


@dataclass(frozen=True)
class KerasLayer:
    """One layer: its class, its name, what it was given, and under which name its weights are stored."""

    path: Path
    kind: str
    name: str
    config: Mapping[str, Any]
    stored_as: str

    def error(self, message: str) -> UserError:
        """An error that names the file and the layer."""
        return UserError(f"{self.path}: layer {self.name!r} ({self.kind}): {message}")

    def whole(self, key: str, minimum: int = 1) -> int:
        """A whole number."""
        value = self.config.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= _LARGEST:
            raise self.error(f"{key} must be a whole number from {minimum} to {_LARGEST:,}, not {value!r}")
        return value

    def wholes(self, key: str, minimum: int = 1) -> Sides:
        """A list of whole numbers, one an axis; a single one stands for every axis."""
        value = self.config.get(key)
        numbers = value if isinstance(value, list) and value else [value]
        if any(isinstance(n, bool) or not isinstance(n, int) or not minimum <= n <= _LARGEST for n in numbers):
            raise self.error(f"{key} must be whole numbers from {minimum} to {_LARGEST:,}, not {value!r}")
        return tuple(numbers)

    def real(self, key: str, otherwise: float | None = None) -> float:
        """A finite number."""
        value = self.config.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            raise self.error(f"{key} must be a number, not {value!r}")
        return float(value)

    def flag(self, key: str, *, otherwise: bool) -> bool:
        """Yes or no."""
        value = self.config.get(key, otherwise)
        if not isinstance(value, bool):
            raise self.error(f"{key} must be true or false, not {value!r}")
        return value

    def word(self, key: str) -> str:
        """A text."""
        value = self.config.get(key)
        if not isinstance(value, str):
            raise self.error(f"{key} must be a text, not {value!r}")
        return value


@dataclass(frozen=True)
class KerasModel:
    """A Sequential network: its input, and the layers after it."""

    path: Path
    name: str
    input: InputShape
    layers: tuple[KerasLayer, ...]


def read_model(path: Path, description: Mapping[str, Any]) -> KerasModel:
    """The layers of a description, as Keras 2 and 3 write it.

    Raises `UserError` for a network that is not Sequential, and for one whose input shape is unknown.
    """
    kind = description.get("class_name")
    if kind != "Sequential":
        raise UserError(
            f"{path} holds a {kind} network; only Sequential ones can be read: rebuild it with keras.Sequential, "
            "or write it as a text"
        )
    config = description.get("config")
    if isinstance(config, list):  # before Keras 2.2.3
        config = {"layers": config}
    entries = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(entries, list) or not 1 < len(entries) <= MAX_LAYERS:
        raise UserError(f"{path}: its description has no list of 2 to {MAX_LAYERS:,} layers")
    layers = _layers(path, entries)
    rest = layers[1:] if layers[0].kind == _INPUT_LAYER else layers
    return KerasModel(path, str(config.get("name", path.stem)), _input(path, config, layers[0]), rest)


def _layers(path: Path, entries: list[Any]) -> tuple[KerasLayer, ...]:
    met: Counter[str] = Counter()
    layers = []
    for number, entry in enumerate(entries, 1):
        kind, config = (entry.get(key) for key in ("class_name", "config")) if isinstance(entry, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(config, dict):
            raise UserError(f"{path}: its layer {number} has no class and settings")
        stored_as = _snake_case(kind)
        unique = f"{stored_as}_{met[stored_as]}" if met[stored_as] else stored_as
        met[stored_as] += 1
        layers.append(KerasLayer(path, kind, str(config.get("name", unique)), config, unique))
    return tuple(layers)


def _input(path: Path, config: Mapping[str, Any], first: KerasLayer) -> InputShape:
    """The shape of the input without the batch."""
    shape = next((first.config[key] for key in _SHAPES if key in first.config), config.get("build_input_shape"))
    if shape is None:
        raise UserError(f"{path} does not say its input's shape: put keras.Input(...) first and save it again")
    fine = isinstance(shape, list) and 2 <= len(shape) <= 5 and isinstance(shape[-1], int)
    if not fine or any(n is not None and (not isinstance(n, int) or not 1 <= n <= _LARGEST) for n in shape[1:]):
        raise UserError(f"{path}: its input has the shape {shape!r}; sides and channels are needed, 3 sides at most")
    return InputShape(tuple(shape[1:-1]), shape[-1])


def _snake_case(kind: str) -> str:
    """A class's name as Keras's `to_snake_case` makes it a group's in the weights file.

    >>> _snake_case("SeparableConv2D"), _snake_case("BatchNormalization")
    ('separable_conv2d', 'batch_normalization')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
