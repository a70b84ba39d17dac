import argparse
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from convsight.errors import UserError
from convsight.nets.state_dict_file import read_state_dict

_STATE = {"conv.weight": torch.randn(4, 3, 3, 3), "conv.bias": torch.randn(4)}


def assert_state(file: Path) -> None:
    found = read_state_dict(file)
    assert list(found) == list(_STATE)
    assert all(torch.equal(found[name], value) for name, value in _STATE.items())


@pytest.mark.parametrize(
    "saved",
    [
        _STATE,
        {"state_dict": _STATE, "epoch": 3, "best": torch.tensor(0.9)},
        {"model": _STATE, "optimizer": {"state": {0: {"momentum": torch.zeros(2)}}}},
        {"model_state_dict": _STATE, "loss": 0.1},
        {"ema": {"state_dict": _STATE}, "step": 9},
        {"model": {}, "state_dict_ema": _STATE},
        {**_STATE, "epoch": 3},
        {"state_dict": _STATE, "args": argparse.Namespace(lr=0.1, names=["a"]), "place": Path("runs/1")},
        {
            "state_dict": _STATE,
            "best": np.float64(0.9),
            "curve": np.arange(3),
            "seen": {1, 2},
            "on": torch.device("cpu"),
        },
        {"state_dict": _STATE, "when": datetime(2026, 1, 2), "counts": defaultdict(int, a=1)},
    ],
)
def test_what_training_scripts_put_around_weights_is_taken_off(tmp_path: Path, saved: object) -> None:
    torch.save(saved, tmp_path / "w.pth")
    assert_state(tmp_path / "w.pth")


def test_the_name_of_the_file_decides_nothing(tmp_path: Path) -> None:
    save_file(dict(sorted(_STATE.items(), reverse=True)), tmp_path / "w.pth")
    assert read_state_dict(tmp_path / "w.pth").keys() == _STATE.keys()
    torch.save(_STATE, tmp_path / "w.safetensors")
    assert_state(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no file of weights"),
        (b"\x89HDF\r\n\x1a\n", "no file of weights"),
        (b"hello, this is text", "no file of weights"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{not json at all}", "damaged"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_state_dict(tmp_path / "w.pth")


@pytest.mark.parametrize("saved", [[1, 2], {}, {"epoch": 3}, {"state_dict": {}}, torch.zeros(3)])
def test_a_file_without_named_tensors(tmp_path: Path, saved: object) -> None:
    torch.save(saved, tmp_path / "w.pth")
    with pytest.raises(UserError, match="holds no"):
        read_state_dict(tmp_path / "w.pth")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*w\.pth: No such file"):
        read_state_dict(tmp_path / "w.pth")


def test_real_safetensors_cut_short(shared_data: Any, tmp_path: Path) -> None:
    whole = (shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[:-1])
    with pytest.raises(UserError, match="damaged"):
        read_state_dict(tmp_path / "w.safetensors")


def test_safetensors_with_a_header_of_many_names(tmp_path: Path) -> None:
    # From 65,536 bytes on, the length that the file begins with has other bytes than zeros where short ones have none.
    given = {f"layers.{number}.weight": torch.full((1,), float(number)) for number in range(2_000)}
    save_file(given, tmp_path / "many.safetensors")
    assert int.from_bytes((tmp_path / "many.safetensors").read_bytes()[:8], "little") > 65_536
    found = read_state_dict(tmp_path / "many.safetensors")
    assert found.keys() == given.keys()
    assert found["layers.1999.weight"].item() == 1999
