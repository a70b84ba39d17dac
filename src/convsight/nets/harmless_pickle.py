"""Pickles of state dicts, read without running anything that a pickle may ask for.

A pickle is a program: it names functions and calls them. This reader knows the few names that a state dict of tensors
needs, each a stand-in of ours that only notes its arguments, a few that stand beside one (settings, paths, NumPy's
numbers), of which nothing is kept, and refuses every other name. Before that, the
instructions themselves are read: one that a state dict does not need is refused too.

Source: Python's `pickle` ("Restricting Globals") and `pickletools`; PyTorch's `torch._utils` for the names.
"""

import pickle
import pickletools
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple, final

import torch

from convsight.errors import UserError

FIX = "load it in PyTorch once, and save its state dict with safetensors"
_LARGEST = 64 * 2**20  # bytes; names and shapes of a large network take under one megabyte

_INSTRUCTIONS = frozenset([
    "PROTO", "FRAME", "STOP", "MARK", "BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET",
    "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "SETITEM", "SETITEMS", "APPEND", "APPENDS", "NONE", "NEWTRUE", "NEWFALSE",
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINSTRING", "BINSTRING",
    "SHORT_BINBYTES", "BINBYTES",
    "GLOBAL", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD", "BINPERSID",
])  # fmt: skip


class Storage(NamedTuple):
    """A run of numbers in the file, called `key`."""

    dtype: torch.dtype
    key: str
    numbers: int


class LaidTensor(NamedTuple):
    """Where a tensor lies in a storage, in numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def unpickle(file: BinaryIO) -> object:
    """The next pickle in `file`: dicts, lists, tuples, numbers and text, and a `LaidTensor` for every tensor.

    Raises `UserError` where it asks for more, without the name of the file, and whatever Python's unpickler raises
    where it makes no sense.

    >>> unpickle(BytesIO(pickle.dumps({"epoch": 3}, protocol=2)))
    {'epoch': 3}
    >>> unpickle(BytesIO(pickle.dumps(print, protocol=2)))
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: it asks for __builtin__.print, which is no tensor: refused; load it in PyTorch once, ...
    """
    begin = file.tell()
    for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):
        if instruction.name == "GLOBAL":
            _stand_in(*str(argument).split(" ", 1))
        if instruction.name not in _INSTRUCTIONS:
            raise UserError(f"it asks for more than tensors (pickle's {instruction.name}): refused; {FIX}")
        # Python makes room for all places up to the largest that is named.
        if instruction.name in {"BINPUT", "LONG_BINPUT"} and isinstance(argument, int) and argument > count:
            raise pickle.UnpicklingError("its pickle counts wrongly")
        if file.tell() - begin > _LARGEST:
            raise pickle.UnpicklingError(f"its pickle is larger than {_LARGEST >> 20} MB")
    end = file.tell()
    file.seek(begin)
    return _Reader(BytesIO(file.read(end - begin)), encoding="utf-8").load()


@final
class _Reader(pickle.Unpickler):
    """Follows a pickle's instructions with the names of `_KNOWN` alone."""

    def find_class(self, module: str, name: str) -> object:
        return _stand_in(module, name)

    def persistent_load(self, pid: Any) -> Storage:
        kind, storage, key, _, numbers, *view = pid
        if kind != "storage" or view not in ([], [None]) or not isinstance(key, str):
            raise pickle.UnpicklingError("a storage of an unknown kind")
        if not isinstance(storage, _StorageType) or not isinstance(numbers, int) or numbers < 0:
            raise pickle.UnpicklingError("a storage of an unknown type")
        return Storage(storage.dtype, key, numbers)


def _stand_in(module: str, name: str) -> object:
    if (module, name) not in _KNOWN:
        raise UserError(f"it asks for {module}.{name}, which is no tensor: refused; {FIX}")
    return _KNOWN[module, name]


# The stand-ins. None has attributes that a pickle could set; the one class that it can make objects of keeps nothing.


@final
class _Names(dict[Any, Any]):
    """In place of an OrderedDict, whose attributes (`_metadata`: versions of the modules) are not taken over."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


class _StorageType(NamedTuple):
    """In place of `torch.FloatStorage` and its like."""

    dtype: torch.dtype


@final
class _MakeNames:
    __slots__ = ()

    def __call__(self, pairs: Any = ()) -> _Names:
        return _Names(pairs)


@final
class _LeftOut:
    """In place of whatever is no tensor: called, built and filled as the pickle says, it stays empty."""

    __slots__ = ()

    def __new__(cls, *_: object) -> "_LeftOut":
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, item: object) -> None:
        """Nothing is kept."""

    def extend(self, items: object) -> None:
        """Nothing is kept."""


@final
class _MakeTensor:
    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, shape: Any, stride: Any, *_: object) -> LaidTensor:
        if not (isinstance(storage, Storage) and isinstance(shape, tuple) and isinstance(stride, tuple)):
            raise pickle.UnpicklingError("a tensor without storage or shape")
        if not all(isinstance(number, int) and number >= 0 for number in (offset, *shape, *stride)):
            raise pickle.UnpicklingError("a tensor without a size")
        return LaidTensor(storage, offset, shape, stride)


@final
class _MakeParameter:
    __slots__ = ()

    def __call__(self, tensor: Any, *_: object) -> LaidTensor:
        if not isinstance(tensor, LaidTensor):
            raise pickle.UnpicklingError("a parameter without a tensor")
        return tensor


# What training scripts save beside the tensors; Python 2's names too, since pickles of protocol 2 have them.
_BESIDE = (
    *(("argparse", "Namespace"), ("types", "SimpleNamespace"), ("collections", "defaultdict")),
    *((module, f"{kind}Path") for module in ("pathlib", "pathlib._local") for kind in ("", "Posix", "Windows")),
    *((module, f"Pure{kind}Path") for module in ("pathlib", "pathlib._local") for kind in ("", "Posix", "Windows")),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *(("numpy", "dtype"), ("numpy", "ndarray"), ("_codecs", "encode"), ("torch", "Size"), ("torch", "device")),
    *(("builtins", name) for name in ("set", "frozenset", "dict", "list", "tuple", "str", "int", "float", "bool")),
    *(("__builtin__", name) for name in ("set", "frozenset", "dict", "list", "tuple", "unicode", "str")),
    *(("__builtin__", name) for name in ("int", "long", "float", "bool")),
    *(("datetime", name) for name in ("date", "datetime", "timedelta")),
    ("pytorch_lightning.utilities.parsing", "AttributeDict"),
    ("lightning.pytorch.utilities.parsing", "AttributeDict"),
    ("lightning_fabric.utilities.data", "AttributeDict"),
    ("lightning.fabric.utilities.data", "AttributeDict"),
)

_KNOWN: dict[tuple[str, str], object] = {
    **dict.fromkeys(_BESIDE, _LeftOut),
    ("collections", "OrderedDict"): _MakeNames(),
    ("torch._utils", "_rebuild_tensor"): _MakeTensor(),  # before PyTorch 0.4
    ("torch._utils", "_rebuild_tensor_v2"): _MakeTensor(),
    ("torch._utils", "_rebuild_parameter"): _MakeParameter(),
    ("torch", "DoubleStorage"): _StorageType(torch.float64),
    ("torch", "FloatStorage"): _StorageType(torch.float32),
    ("torch", "HalfStorage"): _StorageType(torch.float16),
    ("torch", "BFloat16Storage"): _StorageType(torch.bfloat16),
    ("torch", "LongStorage"): _StorageType(torch.int64),
    ("torch", "IntStorage"): _StorageType(torch.int32),
    ("torch", "ShortStorage"): _StorageType(torch.int16),
    ("torch", "CharStorage"): _StorageType(torch.int8),
    ("torch", "ByteStorage"): _StorageType(torch.uint8),
    ("torch", "BoolStorage"): _StorageType(torch.bool),
}
