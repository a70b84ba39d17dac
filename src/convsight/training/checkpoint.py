"""The state of a training after a whole epoch, as one safetensors file written in one step."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from convsight.errors import UserError
from convsight.export.owned_tensors import owned_tensors, same_tensors
from convsight.files import write_atomic

_KEY = "convsight-checkpoint"
_DIGEST = "sha256"
_FORMAT = 3  # with a digest of all that it holds
_SAME = "same"  # by the name of a tensor that is not in the file: that of the one that it is


def save_checkpoint(
    path: Path,
    parts: Mapping[str, Mapping[str, Tensor]],
    optimizers: Mapping[str, torch.optim.Optimizer],
    facts: Mapping[str, Any],
) -> None:
    """Write named state dicts, the states of named optimizers and JSON `facts`.

    What has several names, as tied weights have, is written once.
    """
    tensors = {f"{part}/{name}": value for part, state in parts.items() for name, value in state.items()}
    for called, optimizer in optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{called}/{index}/{name}": value for name, value in values.items()}
    same = same_tensors(tensors)
    about = {"format": _FORMAT, **({_SAME: same} if same else {}), **facts}
    owned = owned_tensors({name: value for name, value in tensors.items() if name not in same})
    told = json.dumps(about)
    write_atomic(path, save(owned, {_KEY: told, _DIGEST: _digest(owned, told)}))


def load_checkpoint(
    path: Path, optimizers: Mapping[str, torch.optim.Optimizer], names: tuple[str, ...]
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """The state dicts called `names` and the facts of a checkpoint; `optimizers` are put back in place.

    Raises `UserError` where the file is missing, damaged, or of an older version of convsight.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told, digest = file.metadata()[_KEY], file.metadata().get(_DIGEST)
            facts: Any = json.loads(told)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            is_whole = _digest(tensors, told) == digest
        tensors |= {name: tensors[first] for name, first in facts.get(_SAME, {}).items()}
    except FileNotFoundError as error:
        raise UserError(
            f"{path} is missing: no epoch was finished, so there is nothing to resume; train anew"
        ) from error
    except (SafetensorError, KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT:
        raise UserError(f"{path} is of another version of convsight, and this one cannot go on from it; train anew")
    if not is_whole:
        raise _damaged(path, "it does not hold what was written; train anew")
    parts = {
        part: {name.removeprefix(f"{part}/"): value for name, value in tensors.items() if name.startswith(f"{part}/")}
        for part in names
    }
    try:
        for called, optimizer in optimizers.items():
            _restore(optimizer, f"optimizer/{called}/", tensors)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _damaged(path, error) from error
    return parts, facts


def _digest(tensors: Mapping[str, Tensor], told: str) -> str:
    """A SHA-256 of tensors, whose rows lie one after the other, with their names, types and shapes, and of `told`."""
    seen = sha256(told.encode())
    for name, value in sorted(tensors.items()):
        seen.update(f"\n{name} {value.dtype} {list(value.shape)}\n".encode())
        seen.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return seen.hexdigest()


def _damaged(path: Path, error: Exception | str) -> UserError:
    return UserError(f"{path} is damaged and cannot be resumed from: {error}")


def _restore(optimizer: torch.optim.Optimizer, prefix: str, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix):
            index, name = key.removeprefix(prefix).split("/", 1)
            state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for weight, values in optimizer.state.items():
        for name, value in values.items():
            # Files hold rows one after the other; in another layout than its weight's, sums would have other bits.
            if value.shape == weight.shape and value.stride() != weight.stride():
                values[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
