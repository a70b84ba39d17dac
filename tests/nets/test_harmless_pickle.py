"""Pickles that ask for more than tensors: each is refused, and nothing of it has run."""

import argparse
import os
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convsight.errors import UserError
from convsight.nets.harmless_pickle import LaidTensor, Storage, unpickle

# What a pickle that makes no sense raises; `read_torch_file` turns them into words.
NONSENSE = (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError, LookupError, OverflowError)
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
NAMES = b"ccollections\nOrderedDict\n"
STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQ"


def read(content: bytes) -> object:
    return unpickle(BytesIO(content))


class Calls:
    """Pickled, it asks for a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.function = function
        self.arguments = arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("place", ["alone", "value", "key", "list"])
def test_a_call_is_refused_wherever_it_stands(tmp_path: Path, protocol: int, place: str) -> None:
    evil = Calls(os.system, f"touch {tmp_path}/ran")
    held: dict[str, object] = {"alone": evil, "value": {"state_dict": evil}, "key": {(1, evil): 2}, "list": [evil]}
    content = pickle.dumps(held[place], protocol=protocol)
    with pytest.raises(UserError, match=r"system|asks for more than tensors"):
        read(content)
    assert list(tmp_path.iterdir()) == []
    pickle.loads(content)  # the pickle is what it should be
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("function", "named"), [(eval, "eval"), (exec, "exec"), (getattr, "getattr"), (__import__, "__import__")]
)
def test_the_name_that_is_asked_for_is_named(function: Callable[..., Any], named: str) -> None:
    content = pickle.dumps(Calls(function, "1"), protocol=2)
    with pytest.raises(UserError, match=rf"asks for __builtin__\.{named}, which is no tensor: refused"):
        read(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.", r"collections\.OrderedDict\.fromkeys"),
        (b"\x80\x04\x8c\x05torch\x8c\x04load\x93.", r"torch\.load"),
        (b"ctorch.serialization\nload\n.", r"torch\.serialization\.load"),
        (b"cbuiltins\neval\n(X\x01\x00\x00\x001tR.", r"builtins\.eval"),
        (b"(X\x01\x00\x00\x001ios\nsystem\n.", "INST"),
        (b"(" + NAMES + b"o.", "OBJ"),
        (b"\x82\x01.", "EXT1"),
        (b"\x83\x01\x00.", "EXT2"),
        (b"Pstorage\n.", "PERSID"),
        (b"\x97.", "NEXT_BUFFER"),
    ],
)
def test_instructions_and_names_that_no_state_dict_needs(content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        NAMES + b"(K\x01K\x02tR.",  # a dictionary of numbers
        NAMES + b")R)R.",  # a call of what a call gave
        b"ctorch\nFloatStorage\n)R.",  # a call of a type
        TENSOR + b")R.",  # a tensor of nothing
        TENSOR + b"(" + STORAGE + b"K\x00K\x06K\x01tR.",  # a shape that is no tuple
        TENSOR + b"(" + STORAGE + b"J\xff\xff\xff\xffK\x06\x85K\x01\x85tR.",  # an offset below zero
        b"ctorch._utils\n_rebuild_parameter\n(NtR.",
        b"(K\x01tQ.",  # a storage without a name
        b"(X\x07\x00\x00\x00storageK\x01X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQ.",  # a storage of no type
        TENSOR + b"}X\x08\x00\x00\x00__code__Nsb.",  # attributes for a stand-in
        TENSOR + b"N}X\x08\x00\x00\x00__call__Ns\x86b.",
        TENSOR + b"N}X\x09\x00\x00\x00__class__" + NAMES + b"s\x86b.",
        b"r\xff\xff\xff\x7fN.",
        b"Nr\xff\xff\xff\x7f.",  # a place that would take gigabytes
        b"N",
        b"",
        b".",
        b"R.",
        NAMES + b")\x81.",  # an object of a dictionary
    ],
)
def test_what_makes_no_sense_ends_with_an_error(content: bytes) -> None:
    with pytest.raises((UserError, *NONSENSE)):
        read(content)
    assert read(good()) == GOOD  # the stand-ins are what they were


def test_attributes_of_a_dictionary_are_not_taken_over() -> None:
    found = read(NAMES + b")R}(X\x05\x00\x00\x00itemsK\x01X\x09\x00\x00\x00_metadataK\x02ub.")
    assert isinstance(found, dict)
    assert not hasattr(found, "__dict__")
    assert list(found.items()) == []


def test_what_stands_beside_tensors_is_left_out_and_keeps_nothing() -> None:
    beside = argparse.Namespace(lr=0.1)
    found = read(pickle.dumps({"args": beside, "again": beside, "place": Path("a"), "best": np.float32(1)}, protocol=2))
    assert isinstance(found, dict)
    kept = [type(value) for value in found.values()]
    assert len(set(kept)) == 1
    assert not hasattr(found["args"], "lr")
    assert not hasattr(found["args"], "__dict__")


GOOD = {"weight": LaidTensor(Storage(torch.float32, "0", 6), 0, (2, 3), (3, 1))}


def good() -> bytes:
    """A state dict of one tensor, as PyTorch pickles it."""
    tensor = TENSOR + b"(" + STORAGE + b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89" + NAMES + b")RtR"
    return NAMES + b")R(X\x06\x00\x00\x00weight" + tensor + b"u."


def test_a_state_dict_is_read() -> None:
    assert read(good()) == GOOD
    tensor = good().removeprefix(NAMES + b")R(X\x06\x00\x00\x00weight").removesuffix(b"u.")
    parameter = b"ctorch._utils\n_rebuild_parameter\n(" + tensor + b"\x88" + NAMES + b")RtR."
    assert read(parameter) == GOOD["weight"]


def test_plain_values_are_read_as_python_reads_them() -> None:
    value = {
        "epoch": 3,
        "lr": 0.1,
        "name": "näme",
        "best": None,
        "done": True,
        "list": [1, -70_000, 2**40],
        "t": (1, 2),
    }
    for protocol in (2, 3, 4, 5):
        assert read(pickle.dumps(value, protocol=protocol)) == value
        ordered = pickle.dumps(OrderedDict(value), protocol=protocol)
        assert read(ordered) == value
        assert any(step.name == "REDUCE" for step, _, _ in pickletools.genops(ordered))


# Python warns of escapes in a text instruction, which is refused once it is read.
UNWARNED = pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")


@UNWARNED
@given(st.binary(max_size=200))
def test_noise_is_an_error_or_a_plain_value(content: bytes) -> None:
    _harmless(content)


@UNWARNED
@given(st.data())
def test_a_changed_byte_is_an_error_or_a_plain_value(data: st.DataObject) -> None:
    content = bytearray(good())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    _harmless(bytes(content))


def _harmless(content: bytes) -> None:
    try:
        read(content)
    except (UserError, *NONSENSE):
        return
