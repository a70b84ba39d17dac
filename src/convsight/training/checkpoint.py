"""The state of a training at one moment, as one safetensors file written in one step."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, final

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from convsight.card import Card
from convsight.errors import UserError
from convsight.export.owned_tensors import owned_tensors, same_tensors
from convsight.files import write_atomic
from convsight.training.optimizer_numbers import numbers_of, put_back

_KEY = "convsight-checkpoint"
_DIGEST = "sha256"
_FORMAT = 4  # may lie within an epoch, and holds the card
_READ = (3, _FORMAT)  # 3: after a whole epoch alone
_NUMBERS = "optimizers"  # what they keep beside tensors
_SAME = "same"  # by the name of a tensor that is not in the file: that of the one that it is


@final
@dataclass(frozen=True)
class Checkpoint:
    """What the file at `path` holds, which was found whole: named tensors, and `facts` that are JSON."""

    path: Path
    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """The state dict of that name; empty where there is none."""
        prefix = f"{name}/"
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}

    @property
    def card(self) -> Card | None:
        """What was known of the network before its first step; None in checkpoints of versions that did not tell."""
        try:
            return Card.model_validate(self.facts["card"]) if "card" in self.facts else None
        except ValidationError as error:
            raise _damaged(self.path, error) from error

    def put_into(self, optimizers: Mapping[str, torch.optim.Optimizer]) -> None:
        """Put the states of named optimizers back; raises `UserError` where they are those of other weights."""
        try:
            for called, optimizer in optimizers.items():
                numbers = self.facts.get(_NUMBERS, {}).get(called, {})
                _restore(optimizer, f"optimizer/{called}/", self.tensors, numbers)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise _damaged(self.path, error) from error


def save_checkpoint(
    path: Path,
    parts: Mapping[str, Mapping[str, Tensor]],
    optimizers: Mapping[str, torch.optim.Optimizer],
    facts: Mapping[str, Any],
    before: Path | None = None,
) -> None:
    """Write named state dicts, the states of named optimizers and JSON `facts`.

    What has several names, as tied weights have, is written once. The file that was there goes to `before`, if given.
    """
    tensors = {f"{part}/{name}": value for part, state in parts.items() for name, value in state.items()}
    for called, optimizer in optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            its = {name: value for name, value in values.items() if isinstance(value, Tensor)}
            tensors |= {f"optimizer/{called}/{index}/{name}": value for name, value in its.items()}
    numbers = {called: found for called, optimizer in optimizers.items() if (found := numbers_of(optimizer))}
    same = same_tensors(tensors)
    about = {"format": _FORMAT, **({_SAME: same} if same else {}), **({_NUMBERS: numbers} if numbers else {}), **facts}
    owned = owned_tensors({name: value for name, value in tensors.items() if name not in same})
    told = json.dumps(about)
    write_atomic(path, save(owned, {_KEY: told, _DIGEST: _digest(owned, told)}), before)


def read_checkpoint(path: Path) -> Checkpoint:
    """What `save_checkpoint` wrote.

    Raises `UserError` where the file is missing, damaged, or of another version of convsight.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told, digest = file.metadata()[_KEY], file.metadata().get(_DIGEST)
            facts: Any = json.loads(told)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            is_whole = _digest(tensors, told) == digest
        tensors |= {name: tensors[first] for name, first in facts.get(_SAME, {}).items()}
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: no state was kept, so there is nothing to resume; train anew") from error
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(facts, dict) or facts.get("format") not in _READ:
        raise UserError(f"{path} is of another version of convsight, and this one cannot go on from it; train anew")
    if not is_whole:
        raise _damaged(path, "it does not hold what was written; train anew")
    return Checkpoint(path, tensors, facts)


def laid_out_like(weight: Tensor, value: Tensor) -> Tensor:
    """The numbers of `value` in memory as those of `weight` are, if both have one shape.

    Files hold rows one after the other; in another layout than its weight's, sums would have other bits.
    """
    if value.shape != weight.shape or value.stride() == weight.stride():
        return value
    return torch.empty_like(weight, dtype=value.dtype).copy_(value)


def _digest(tensors: Mapping[str, Tensor], told: str) -> str:
    """A SHA-256 of tensors, whose rows lie one after the other, with their names, types and shapes, and of `told`."""
    seen = sha256(told.encode())
    for name, value in sorted(tensors.items()):
        seen.update(f"\n{name} {value.dtype} {list(value.shape)}\n".encode())
        seen.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return seen.hexdigest()


def _damaged(path: Path, error: Exception | str) -> UserError:
    return UserError(f"{path} is damaged and cannot be resumed from: {error}")


def _restore(
    optimizer: torch.optim.Optimizer, prefix: str, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]
) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix):
            index, name = key.removeprefix(prefix).split("/", 1)
            state.setdefault(int(index), {})[name] = value
    put_back(optimizer, state, numbers)
    for weight, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                values[name] = laid_out_like(weight, value)
