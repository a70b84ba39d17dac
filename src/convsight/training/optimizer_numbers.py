"""What optimizers of other makers keep beside tensors, as JSON: numbers of weights, and of groups that they change."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from convsight.errors import UserError

_FIXED = {"params", "lr", "lr_share"}  # which weights, and what the schedule sets


def numbers_of(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The plain values of its state by weight, and of its groups, where its class is neither PyTorch's nor ours.

    Raises `UserError` for what JSON cannot hold: then there is no checkpoint.
    """
    stored = optimizer.state_dict()
    state = {str(index): _plain(optimizer, values) for index, values in stored["state"].items()}
    state = {index: values for index, values in state.items() if values}
    own = type(optimizer).__module__.partition(".")[0] not in ("torch", "convsight")
    groups = [_plain(optimizer, group) for group in stored["param_groups"]] if own else []
    return {name: found for name, found in (("state", state), ("groups", groups)) if found}


def put_back(
    optimizer: torch.optim.Optimizer, tensors: dict[int, dict[str, Tensor]], numbers: Mapping[str, Any]
) -> None:
    """Give `optimizer` the state of `tensors`, by weight and name, and the `numbers` that `numbers_of` told."""
    state: dict[int, dict[str, Any]] = {index: dict(values) for index, values in tensors.items()}
    for index, values in numbers.get("state", {}).items():
        state.setdefault(int(index), {}).update(values)
    groups = optimizer.state_dict()["param_groups"]
    for group, values in zip(groups, numbers.get("groups", groups), strict=True):
        # JSON knows no tuples.
        group |= {name: _like(group.get(name), value) for name, value in values.items() if name not in _FIXED}
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _plain(optimizer: torch.optim.Optimizer, values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if not isinstance(value, Tensor) and name not in _FIXED}
    for name, value in found.items():
        parts = value if isinstance(value, list | tuple) else [value]
        if not all(part is None or isinstance(part, bool | int | float | str) for part in parts):
            raise UserError(
                f"the optimizer {type(optimizer).__name__} keeps {name!r} as {type(value).__name__}, which no "
                "checkpoint can hold"
            )
    return found


def _like(before: Any, value: Any) -> Any:
    return tuple(value) if isinstance(before, tuple) and isinstance(value, list) else value
