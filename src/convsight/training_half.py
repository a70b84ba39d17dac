"""The door to the rooms that need PyTorch, for verbs that the light install has too."""

from importlib import import_module
from types import ModuleType

from convsight.errors import UserError

_NEEDED = {"torch", "torchvision", "sklearn", "matplotlib", "timm", "onnx", "onnxscript"}


def training_half(module: str) -> ModuleType:
    """A module of the training half, imported by name so that the light half does not depend on it.

    Raises `UserError` that says what to install where the light half is installed alone.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        raise UserError(
            f"this needs {error.name}, which only the training half brings: "
            'pip install ".[train]" in the clone of convsight'
        ) from error
