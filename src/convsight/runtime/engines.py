"""Which engine runs a model file."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from convsight.card import Card
from convsight.errors import UserError, unknown_name
from convsight.runtime.engine import Engine


class _Maker(NamedTuple):
    """What makes an engine of a file: by name, since not every install has every engine; `package` is what it needs."""

    place: str
    package: str
    install: str


_MAKERS = {
    "openvino": _Maker("convsight.runtime.openvino_engine:OpenVINOEngine", "openvino", "convsight"),
    "onnxruntime": _Maker(
        "convsight.runtime.onnxruntime_engine:OnnxRuntimeEngine", "onnxruntime", "convsight[onnxruntime]"
    ),
    "torch": _Maker("convsight.export.torch_engine:engine_of", "torch", "convsight[train]"),
}

# File suffix -> the engines that can run such a file, the preferred one first.
_RUN_BY = {".onnx": ("openvino", "onnxruntime"), ".xml": ("openvino",), ".safetensors": ("torch",), ".pt2": ("torch",)}


def engines_for(file: Path) -> tuple[str, ...]:
    """The installed engines that can run `file`, the preferred one first; raises `UserError` for an unknown suffix."""
    return tuple(name for name in _known(file) if find_spec(_MAKERS[name].package) is not None)


def _has_gpu_build() -> bool:
    try:
        version("onnxruntime-gpu")
    except PackageNotFoundError:
        return False
    return True


def engine_for(file: Path, card: Card, engine: str | None = None, precision: str | None = None) -> Engine:
    """The engine called `engine`, or the best one installed, for `file`, in `precision` or the fastest one proven.

    ONNX Runtime's build for NVIDIA GPUs goes first where it finds one. Raises `UserError` where the file's kind is
    unknown, where the engine cannot run it, or is not installed.
    """
    known = _known(file)
    if engine is not None and engine not in _MAKERS:
        raise unknown_name("engine", engine, _MAKERS)
    if engine is not None and engine not in known:
        raise UserError(f"{engine} cannot run {file}; {' or '.join(known)} can")
    installed = engines_for(file)
    if engine is None and "onnxruntime" in installed and _has_gpu_build() and precision != "bfloat16":
        made = _made("onnxruntime", file, card, precision)
        if made.processor != "CPU":
            return made
    return _made(engine or next(iter(installed), known[0]), file, card, precision)


def _made(name: str, file: Path, card: Card, precision: str | None) -> Engine:
    module, maker = _MAKERS[name].place.split(":")
    try:
        make: Any = getattr(import_module(module), maker)
    except ModuleNotFoundError as error:
        raise UserError(f'running {file} needs {error.name}: pip install "{_MAKERS[name].install}"') from error
    made: Engine = make(file, card, precision)
    return made


def _known(file: Path) -> tuple[str, ...]:
    if file.suffix not in _RUN_BY:
        raise UserError(f"{file}: a model file ends in {', '.join(_RUN_BY)}, not {file.suffix or 'nothing'!r}")
    return _RUN_BY[file.suffix]
