"""Tensors as safetensors files take them: each with memory of its own, though weights may go by several names."""

from collections.abc import Mapping

from torch import Tensor


def owned_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers by the same names, in the processor's memory, rows one after the other, none in another's.

    >>> import torch
    >>> weight = torch.ones(2)
    >>> owned = owned_tensors({"a": weight, "b": weight})
    >>> owned["a"].data_ptr() == owned["b"].data_ptr()
    False
    """
    owned: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, value in tensors.items():
        rows = value.detach().cpu().contiguous()
        if rows.untyped_storage().data_ptr() in storages:
            rows = rows.clone()
        storages.add(rows.untyped_storage().data_ptr())
        owned[name] = rows
    return owned


def same_tensors(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """By the name of a tensor that is there under an earlier name too, as tied weights are: that name.

    >>> import torch
    >>> weight = torch.ones(2)
    >>> same_tensors({"encoder": weight, "decoder": weight, "bias": torch.ones(2)})
    {'decoder': 'encoder'}
    """
    first: dict[tuple[object, ...], str] = {}
    same = {}
    for name, value in tensors.items():
        if not value.numel():
            continue  # of those without numbers, memory does not tell which they are
        key = (value.device, value.data_ptr(), value.dtype, value.shape, value.stride())
        if key in first:
            same[name] = first[key]
        else:
            first[key] = name
    return same
