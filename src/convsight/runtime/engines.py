"""Which engine runs a model file."""

from importlib import import_module
from pathlib import Path
from typing import Any

from convsight.card import Card
from convsight.errors import UserError
from convsight.runtime.engine import Engine

# File suffix -> what makes an engine of such a file. By name, since PyTorch is not in the light install.
_ENGINES = {".safetensors": "convsight.export.torch_engine:engine_of"}


def engine_for(file: Path, card: Card) -> Engine:
    """The engine that runs `file`.

    Raises `UserError` where the file's kind is unknown, or what it needs is not installed.
    """
    if file.suffix not in _ENGINES:
        raise UserError(f"{file}: a model file ends in {', '.join(_ENGINES)}, not {file.suffix or 'nothing'!r}")
    module, name = _ENGINES[file.suffix].split(":")
    try:
        make: Any = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise UserError(f'running {file} needs {error.name}: pip install "convsight[train]"') from error
    engine: Engine = make(file, card)
    return engine
