"""OpenVINO without its converter from other formats, whose import takes a tenth of the time to the first answer."""

import sys
from importlib import import_module
from typing import Any

_CONVERTER = "openvino.tools.ovc"


def _convert_model(*arguments: Any, **choices: Any) -> Any:
    """`openvino.convert_model` for others in this process: imports the converter when it is called."""
    return import_module(_CONVERTER).convert_model(*arguments, **choices)


if "openvino" in sys.modules:
    import openvino as ov
else:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # raises ImportError, which OpenVINO expects
    try:
        import openvino as ov
    finally:
        del sys.modules[_CONVERTER]
    ov.convert_model = _convert_model

__all__ = ["ov"]
