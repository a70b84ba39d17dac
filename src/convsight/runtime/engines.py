"""Which engine runs a model file."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from convsight.card import Card
from convsight.errors import UserError, unknown_name
from convsight.model_files import read_card
from convsight.runtime.engine import Engine
from convsight.runtime.process_engine import ProcessEngine


class _Maker(NamedTuple):
    """What makes an engine of a file: by name, since not every install has every engine.

    `package` is what it needs, `extra` what brings that.
    `in_child` makes it in a process forked from one that has used it, where that is done otherwise.
    """

    place: str
    package: str
    extra: str
    in_child: str = ""


_MAKERS = {
    "openvino": _Maker("convsight.runtime.openvino_engine:OpenVINOEngine", "openvino", ""),
    "onnxruntime": _Maker("convsight.runtime.onnxruntime_engine:OnnxRuntimeEngine", "onnxruntime", "onnxruntime"),
    "torch": _Maker(
        "convsight.export.torch_engine:engine_of",
        "torch",
        "train",
        "convsight.export.torch_engine:engine_in_child",
    ),
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
    maker = _MAKERS[name]
    made = _maker(maker.place, maker, file)(file, card, precision)
    again = partial(_made_in_child, maker, file.absolute(), card, made.precision)
    return ProcessEngine(made, again)


def _maker(place: str, maker: _Maker, file: Path) -> Callable[[Path, Card, str | None], Engine]:
    module, name = place.split(":")
    try:
        make: Callable[[Path, Card, str | None], Engine] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        extra = f"[{maker.extra}]" if maker.extra else ""
        raise UserError(
            f'running {file} needs {error.name}: pip install ".{extra}" in the clone of convsight'
        ) from error
    return make


def _made_in_child(maker: _Maker, file: Path, card: Card, precision: str) -> Engine:
    """The engine of the same network once more; raises `UserError` where the file no longer holds it."""
    if read_card(file).fingerprint() != card.fingerprint():
        raise UserError(
            f"{file} has changed since the model was loaded, before this process was forked; load it in this process"
        )
    return _maker(maker.in_child or maker.place, maker, file)(file, card, precision)


def _known(file: Path) -> tuple[str, ...]:
    if file.suffix not in _RUN_BY:
        raise UserError(f"{file}: a model file ends in {', '.join(_RUN_BY)}, not {file.suffix or 'nothing'!r}")
    return _RUN_BY[file.suffix]
