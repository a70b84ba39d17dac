"""The weights in a PyTorch program, read as numbers: what `torch.export` wrote of them is JSON and raw memory."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.model_files.torch_program_file import damaged, torch_program_records

_FOLDER = "data/weights/"
_LIST = f"{_FOLDER}model_weights_config.json"
# PyTorch's numbers of the formats of numbers (torch/_export/serde/schema.py).
_FORMATS = {5: torch.int64, 6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16}


def read_program_weights(path: Path) -> dict[str, Tensor]:
    """The parameters and buffers of the program at `path`, by their names in the module that was traced.

    Nothing of the file is carried out. Raises `UserError` where it is damaged, or holds pickles.
    """
    records = torch_program_records(path, _FOLDER)
    try:
        entries: dict[str, dict[str, Any]] = json.loads(records[_LIST])["config"]
        if any(entry["use_pickle"] for entry in entries.values()):
            raise UserError(f"{path} holds pickles, which can run any code, so it is refused; export it again")
        return {name: _tensor(records[_FOLDER + entry["path_name"]], entry) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, RecursionError) as error:
        raise damaged(path) from error


def _tensor(content: bytes, entry: dict[str, Any]) -> Tensor:
    """The tensor that `entry` describes, of the memory `content`; PyTorch refuses what reaches beyond it."""
    facts = entry["tensor_meta"]
    sizes, strides = ([int(number["as_int"]) for number in facts[name]] for name in ("sizes", "strides"))
    memory = torch.frombuffer(bytearray(content), dtype=_FORMATS[facts["dtype"]])
    return memory.as_strided(sizes, strides, int(facts["storage_offset"]["as_int"]))
