"""Tensors out of the files that `torch.save` writes, without PyTorch's own loader, which may run code.

Source: PyTorch's serialization notes. Since version 1.6 a file is a zip with `data.pkl` and a part for every storage;
before, it was five pickles with the storages behind them, as many pretrained weights still are.
"""

import pickle
import struct
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.nets.harmless_pickle import FIX, LaidTensor, Storage, unpickle

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # the first two pickles of an old file

# What the unpickler, its instructions and the zip raise where they make no sense.
_UNREADABLE = (
    pickle.UnpicklingError, zipfile.BadZipFile, NotImplementedError, EOFError, OSError, AttributeError, TypeError,
    ValueError, LookupError, OverflowError, RecursionError, MemoryError, struct.error,
)  # fmt: skip


class _File(NamedTuple):
    """What was given to `torch.save`, and the bytes of a storage."""

    saved: object
    content: Callable[[Storage], bytes]


def read_torch_file(path: Path, choose: Callable[[object], Mapping[str, LaidTensor]]) -> dict[str, Tensor]:
    """The tensors that `choose` finds in what `torch.save` wrote to `path`.

    Raises `UserError` where the file cannot be read, is damaged, is TorchScript, or asks for anything but tensors.
    """
    try:
        opened = _opened_zip if zipfile.is_zipfile(path) else _opened_legacy
        with opened(path) as file:
            return _tensors(choose(file.saved), file.content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except _UNREADABLE as error:
        raise UserError(f"{path} is damaged, or no file of weights: {error}") from error


@contextmanager
def _opened_zip(path: Path) -> Iterator[_File]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        pickles = [member.filename for member in members if member.filename.endswith("/data.pkl")]
        if len(pickles) != 1 or any("/code/" in member.filename for member in members):
            raise UserError(f"it is TorchScript, which is a program, or holds no state dict: refused; {FIX}")
        # As PyTorch writes them: what is read is then never larger than the file.
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise zipfile.BadZipFile("its parts are compressed")
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise zipfile.BadZipFile("its parts overlap")
        root = pickles[0].removesuffix("data.pkl")
        order = f"{root}byteorder"
        if any(member.filename == order for member in members):
            _check_order(archive.read(order) == b"little")
        saved = unpickle(BytesIO(archive.read(pickles[0])))
        yield _File(saved, lambda storage: archive.read(f"{root}data/{storage.key}"))


@contextmanager
def _opened_legacy(path: Path) -> Iterator[_File]:
    with open(path, "rb") as file:
        if unpickle(file) != _MAGIC or unpickle(file) != _PROTOCOL:
            raise UserError(f"it is a pickle, but none that torch.save wrote: refused; {FIX}")
        system = unpickle(file)
        _check_order(isinstance(system, dict) and system["little_endian"] is True)
        saved = unpickle(file)
        keys = unpickle(file)
        places = _places(saved, keys if isinstance(keys, list) else [], file.tell(), path.stat().st_size)
        yield _File(saved, lambda storage: _read_at(file, places[storage.key], storage))


def _check_order(little: bool) -> None:
    if little != (sys.byteorder == "little"):
        raise UserError(f"it was written on a machine of another byte order; {FIX}")


def _places(saved: object, keys: list[str], begin: int, end: int) -> dict[str, int]:
    """Where each storage of an old file begins, in bytes: in the order of `keys`, each after its count of numbers."""
    sizes = {storage.key: storage.numbers * storage.dtype.itemsize for storage in _storages(saved)}
    places = {}
    for key in keys:
        places[key] = begin
        begin += 8 + sizes[key]
    if begin > end:
        raise EOFError("it is cut short")
    return places


def _read_at(file: BinaryIO, place: int, storage: Storage) -> bytes:
    file.seek(place)
    if int.from_bytes(file.read(8), sys.byteorder) != storage.numbers:
        raise EOFError(f"storage {storage.key} is not where it should be")
    return file.read(storage.numbers * storage.dtype.itemsize)


def _storages(saved: object) -> list[Storage]:
    """Every storage that tensors in `saved` lie in."""
    found: list[Storage] = []
    waiting, seen = [saved], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:  # a pickle may hold itself
            continue
        seen.add(id(value))
        if isinstance(value, LaidTensor):
            found.append(value.storage)
        elif isinstance(value, dict | list | tuple):
            inside: Iterable[object] = value.values() if isinstance(value, dict) else value
            waiting.extend(inside)
    return found


def _tensors(chosen: Mapping[str, LaidTensor], content: Callable[[Storage], bytes]) -> dict[str, Tensor]:
    """The tensors themselves; each storage is read once, so they take no more memory than the file."""
    flat: dict[str, Tensor] = {}
    tensors = {}
    for name, laid in chosen.items():
        _check_inside(name, laid)
        storage = laid.storage
        if storage.key not in flat:
            flat[storage.key] = _numbers(storage, content)
        if flat[storage.key].dtype != storage.dtype:
            raise ValueError(f"{name} shares its storage with a tensor of another type")
        tensors[name] = flat[storage.key].as_strided(laid.shape, laid.stride, laid.offset)
    return tensors


def _numbers(storage: Storage, content: Callable[[Storage], bytes]) -> Tensor:
    if not storage.numbers:
        return torch.empty(0, dtype=storage.dtype)
    found = content(storage)
    if len(found) < storage.numbers * storage.dtype.itemsize:
        raise EOFError(f"storage {storage.key} is cut short")
    return torch.frombuffer(bytearray(found), dtype=storage.dtype, count=storage.numbers)


def _check_inside(name: str, laid: LaidTensor) -> None:
    """A tensor must lie inside its storage, and not repeat it: a small file could fill the memory."""
    last = laid.offset + sum((size - 1) * step for size, step in zip(laid.shape, laid.stride, strict=True))
    count = torch.Size(laid.shape).numel()
    if count and (last >= laid.storage.numbers or count > laid.storage.numbers):
        raise ValueError(f"{name} of shape {laid.shape} does not fit its storage")
