"""OpenVINO without its converter from other formats, whose import takes a tenth of the time to the first answer."""

import sys
from functools import cache
from importlib import import_module
from typing import Any

from convsight.runtime.unreported import unreported

_CONVERTER = "openvino.tools.ovc"


def convert_model(*arguments: Any, **choices: Any) -> Any:
    """`openvino.convert_model`, here and for others in this process: imports the converter when it is called."""
    with unreported():
        converter = import_module(_CONVERTER)
    return converter.convert_model(*arguments, **choices)


if "openvino" in sys.modules:
    import openvino as ov
else:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # raises ImportError, which OpenVINO expects
    try:
        import openvino as ov
    finally:
        del sys.modules[_CONVERTER]
    ov.convert_model = convert_model


@cache
def core() -> ov.Core:
    """The one core that runs graphs, for as long as the process lives.

    Each core that is first to compile gives its thread an alternate stack for signals, and frees it when it ends. Where
    two end in the order they were made in, the thread is left with a freed one, and the next Ctrl-C is a segmentation
    fault. OpenVINO 2026.4.
    """
    return ov.Core()


__all__ = ["convert_model", "core", "ov"]
