"""Files of `torch.save` against PyTorch's own loader, and files that are damaged or lie."""

import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.nets.test_harmless_pickle import UNWARNED, Calls
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.harmless_pickle import LaidTensor
from convsight.nets.torch_file import read_torch_file

_SAVED = {
    "weight": torch.randn(3, 4),
    "transposed": torch.randn(3, 4).T,
    "part": torch.arange(10.0)[2:8:2],
    "empty": torch.empty(0, 3),
    "scalar": torch.tensor(7),
    "half": torch.randn(5).half(),
    "bfloat16": torch.randn(5).bfloat16(),
    "double": torch.randn(2).double(),
    "bytes": torch.arange(4, dtype=torch.uint8),
    "signs": torch.tensor([True, False]),
    "parameter": nn.Parameter(torch.randn(2, 2)),
    **{str(kind): torch.arange(3).to(kind) for kind in (torch.int8, torch.int16, torch.int32, torch.int64)},
}


def choose(saved: object) -> Mapping[str, LaidTensor]:
    assert isinstance(saved, dict)
    return {name: value for name, value in saved.items() if isinstance(value, LaidTensor)}


def save(path: Path, saved: object, *, zipped: bool = True) -> Path:
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    return path


def assert_equal(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        assert torch.equal(found[name], value.detach()), name


@pytest.mark.parametrize("zipped", [True, False])
def test_every_type_and_layout_is_read_as_pytorch_reads_it(tmp_path: Path, zipped: bool) -> None:
    file = save(tmp_path / "w.pth", _SAVED, zipped=zipped)
    found = read_torch_file(file, choose)
    assert_equal(found, _SAVED)
    assert_equal(found, torch.load(file, weights_only=True, map_location="cpu"))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_networks_state(tmp_path: Path, zipped: bool) -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    file = save(tmp_path / "w.pth", net.state_dict(), zipped=zipped)  # has attributes: the versions of its modules
    assert_equal(read_torch_file(file, choose), net.state_dict())


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_that_share_a_storage(tmp_path: Path, zipped: bool) -> None:
    whole = torch.randn(4, 4)
    saved = {"whole": whole, "row": whole[2], "column": whole[:, 1], "same": whole}
    assert_equal(read_torch_file(save(tmp_path / "w.pth", saved, zipped=zipped), choose), saved)


@pytest.mark.parametrize(
    "name",
    [
        "fastestdet/weights/fastestdet-coco.pth",
        "csinva_mnist/mnist_classifier/weights/lenet_epoch=12_test_acc=0.991.pth",
        "csinva_mnist/mnist_vae/weights/vae_epoch_25.pth",
        "ultraface/models/pretrained/version-RFB-320.pth",
    ],
)
def test_real_files(shared_data: Any, tmp_path: Path, name: str) -> None:
    folder, _, inner = name.partition("/")
    file = shared_data(folder) / inner
    expected = torch.load(file, weights_only=True, map_location="cpu")
    assert_equal(read_torch_file(file, choose), expected)
    assert_equal(read_torch_file(save(tmp_path / "zip.pth", expected), choose), expected)


def test_a_real_checkpoint_of_an_old_pytorch(shared_data: Any) -> None:
    file = shared_data("resnet_cifar10_akamaster") / "pretrained_models" / "resnet20-12fca82f.th"
    expected = torch.load(file, weights_only=True, map_location="cpu")
    assert_equal(read_torch_file(file, lambda saved: choose(saved["state_dict"])), expected["state_dict"])  # type: ignore[index]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_call_in_a_file_is_refused_and_not_run(tmp_path: Path, zipped: bool) -> None:
    evil = Calls(os.system, f"touch {tmp_path}/ran")
    for saved in (evil, {"weight": torch.zeros(2), "more": evil}, {"weight": evil}):
        file = save(tmp_path / "w.pth", saved, zipped=zipped)
        with pytest.raises(UserError, match=r"w\.pth: it asks for \w+\.system, which is no tensor: refused"):
            read_torch_file(file, choose)
        assert not (tmp_path / "ran").exists()


def test_a_network_saved_whole_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", nn.Linear(2, 2))
    with pytest.raises(UserError, match=r"torch\.nn\.modules\.linear\.Linear.*save its state dict with safetensors"):
        read_torch_file(file, choose)


def test_torchscript_is_refused(tmp_path: Path) -> None:
    zipped = tmp_path / "w.pt"
    with zipfile.ZipFile(zipped, "w") as archive:  # as torch.jit.save lays it out
        archive.writestr("w/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("w/code/__torch__.py", "import os")
    with pytest.raises(UserError, match="TorchScript"):
        read_torch_file(zipped, choose)


def test_a_pickle_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"weight": [1.0]}, protocol=2))
    with pytest.raises(UserError, match=r"none that torch.save wrote"):
        read_torch_file(tmp_path / "w.pth", choose)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_short(tmp_path: Path, zipped: bool) -> None:
    whole = save(tmp_path / "w.pth", _SAVED, zipped=zipped).read_bytes()
    for length in {0, 1, 2, 30, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
        (tmp_path / "w.pth").write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"w\.pth"):
            read_torch_file(tmp_path / "w.pth", choose)


def rewritten(file: Path, changes: Mapping[str, bytes | None], compression: int = zipfile.ZIP_STORED) -> Path:
    """The zip `file` with parts (named by how they end) replaced, or left out for None."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    other = file.with_name("other.pth")
    with zipfile.ZipFile(other, "w", compression) as archive:
        for name, content in parts.items():
            changed = next((new for end, new in changes.items() if name.endswith(end)), content)
            if changed is not None:
                archive.writestr(name, changed)
    return other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"byteorder": b"big"}, "another byte order"),
        ({"data/0": None}, "damaged"),
        ({"data/0": b"abc"}, "cut short"),
        ({"data.pkl": None}, "no state dict"),
        ({"data.pkl": b""}, "damaged"),
    ],
)
def test_a_zip_that_lies(tmp_path: Path, changes: dict[str, bytes | None], message: str) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.randn(3, 4)})
    assert_equal(read_torch_file(rewritten(file, {}), choose), torch.load(file, weights_only=True, map_location="cpu"))
    with pytest.raises(UserError, match=message):
        read_torch_file(rewritten(file, changes), choose)


def test_a_zip_that_would_grow_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.zeros(100_000)})
    small = rewritten(file, {}, zipfile.ZIP_DEFLATED)
    assert small.stat().st_size < 5_000
    with pytest.raises(UserError, match="compressed"):
        read_torch_file(small, choose)


def test_a_zip_whose_parts_overlap_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.zeros(100)})
    with zipfile.ZipFile(file, "a") as archive:  # each part could claim the rest of the file
        archive.writestr("more", b"")
        storage = next(member for member in archive.infolist() if member.filename.endswith("data/0"))
        storage.file_size = storage.compress_size = file.stat().st_size
    with pytest.raises(UserError, match="its parts overlap"):
        read_torch_file(file, choose)


def test_an_old_file_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.randn(3, 4)}, zipped=False)
    content = file.read_bytes()
    assert content.count(b"K\x0cN") == 1  # 12 numbers
    file.write_bytes(content.replace(b"K\x0cN", b"\x8a\x06\x00\x00\x00\x00\x00\x01N"))  # 2**40 numbers
    with pytest.raises(UserError, match="it is cut short"):
        read_torch_file(file, choose)


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.zeros(1).expand(1_000_000)})
    assert torch.load(file, weights_only=True, map_location="cpu")["weight"].shape == (1_000_000,)
    with pytest.raises(UserError, match="does not fit its storage"):
        read_torch_file(file, choose)


def test_a_tensor_that_reaches_behind_its_storage_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "w.pth", {"weight": torch.arange(12.0).view(3, 4)[1:]})
    with zipfile.ZipFile(file) as archive:
        content = next(archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))
    assert content.count(b"QK\x04K\x02K\x04\x86") == 1  # offset 4, shape (2, 4)
    moved = content.replace(b"QK\x04K\x02K\x04\x86", b"QK\x05K\x02K\x04\x86")
    with pytest.raises(UserError, match="does not fit its storage"):
        read_torch_file(rewritten(file, {"data.pkl": moved}), choose)


@UNWARNED
@example(zipped=True, places=[(0.97265625, 1)])  # a part at a place that no file has
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zipped=st.booleans(), places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_an_error_or_tensors(tmp_path: Path, zipped: bool, places: list[tuple[float, int]]) -> None:
    saved = {"weight": torch.arange(12.0).view(3, 4), "bias": torch.zeros(3)}
    file = save(tmp_path / "w.pth", saved, zipped=zipped)
    content = bytearray(file.read_bytes())
    for place, value in places:
        content[min(int(place * len(content)), len(content) - 1)] = value
    file.write_bytes(bytes(content))
    try:
        found = read_torch_file(file, lambda tree: choose(tree) if isinstance(tree, dict) else {})
    except UserError:
        return
    for tensor in found.values():
        np.asarray(tensor.float()).sum()  # every number is there
