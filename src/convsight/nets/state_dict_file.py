"""Weights by name out of a file: safetensors, or what `torch.save` wrote of a state dict."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from convsight.errors import UserError
from convsight.nets.harmless_pickle import LaidTensor
from convsight.nets.torch_file import read_torch_file

# Keys under which training scripts put the weights, beside other things; averaged ones where there are no others.
_WRAPPED_IN = (
    *("state_dict", "model_state_dict", "model", "net", "network", "weights"),
    *("state_dict_ema", "ema_state_dict", "model_ema", "ema", "module"),
)

_PICKLED = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors in a file of weights, by name; a wrapping dictionary is taken off, and what is no tensor left out.

    What the file is follows from its first bytes, not from its name. Raises `UserError` where it is missing, damaged,
    something else, or asks for anything but tensors: no code of it is run.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(9)
        # After eight bytes of its length, which may look like the start of a pickle, safetensors begins with JSON.
        if start[2:] == b"\0\0\0\0\0\0{" or (start[8:] == b"{" and not start.startswith(_PICKLED)):
            tensors = load_file(path)
        elif start.startswith(_PICKLED):
            tensors = read_torch_file(path, _chosen)
        else:
            raise UserError(f"{path} is no file of weights: expected safetensors, or what torch.save wrote")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except SafetensorError as error:
        raise UserError(f"{path} is damaged: {error}") from error
    if not tensors:
        raise UserError(f"{path} holds no tensors")
    return dict(tensors)


def _chosen(saved: object) -> Mapping[str, LaidTensor]:
    """The tensors of a state dict, or of the first of those that training scripts wrap in other dictionaries."""
    if not isinstance(saved, dict):
        raise UserError("it holds no dictionary of tensors; expected a state dict")
    for key in _WRAPPED_IN:
        if isinstance(saved.get(key), dict) and (found := _chosen(saved[key])):
            return found
    return {str(name): value for name, value in saved.items() if isinstance(value, LaidTensor)}
