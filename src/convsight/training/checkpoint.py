"""The state of a training after a whole epoch, as one safetensors file written in one step."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from convsight.errors import UserError
from convsight.files import write_atomic

_KEY = "convsight-checkpoint"


def save_checkpoint(
    path: Path, parts: dict[str, dict[str, Tensor]], optimizer: torch.optim.Optimizer, facts: dict[str, Any]
) -> None:
    """Write named state dicts, the optimizer's state and JSON `facts`."""
    tensors = {f"{part}/{name}": value for part, state in parts.items() for name, value in state.items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{name}": value for name, value in values.items()}
    owned = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_atomic(path, save(owned, {_KEY: json.dumps(facts)}))


def load_checkpoint(
    path: Path, optimizer: torch.optim.Optimizer, names: tuple[str, ...]
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """The state dicts called `names` and the facts of a checkpoint; `optimizer` is put back in place.

    Raises `UserError` where the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except FileNotFoundError as error:
        raise UserError(
            f"{path} is missing: no epoch was finished, so there is nothing to resume; train anew"
        ) from error
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise UserError(f"{path} is damaged and cannot be resumed from: {error}") from error
    parts = {
        part: {name.removeprefix(f"{part}/"): value for name, value in tensors.items() if name.startswith(f"{part}/")}
        for part in names
    }
    _restore_optimizer(optimizer, tensors)
    return parts, facts


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, index, name = key.split("/", 2)
            state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
