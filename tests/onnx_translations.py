"""PyTorch's translations to ONNX, read once by each test process: every export would read all 500 again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch


@contextmanager
def read_once() -> Iterator[None]:
    """They are the same for all exports. Where no test has imported PyTorch, it is not imported for this."""
    if "torch" not in sys.modules:
        yield
        return
    import torch

    export = torch.onnx.export

    @cache
    def reader() -> Callable[..., Any]:
        return cache(_registry().from_torchlib)

    def export_with_them(*arguments: Any, **choices: Any) -> Any:
        with patch.object(_registry(), "from_torchlib", staticmethod(reader())):
            return export(*arguments, **choices)

    with patch.object(torch.onnx, "export", export_with_them):
        yield


def _registry() -> Any:
    """The class that holds them, whose import takes a second."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    return ONNXRegistry
