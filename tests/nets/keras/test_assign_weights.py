"""Weights files that are missing, do not fit, or point elsewhere."""

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.nets.keras.entry import keras_text, load_keras

h5py: Any = pytest.importorskip("h5py")

FIXTURES = Path(__file__).with_name("fixtures")
_CONV = "layers/conv2d/vars"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A description with its weights beside it, to be spoilt."""
    for name in ("beside.json", "beside.weights.h5"):
        shutil.copy(FIXTURES / name, tmp_path / name)
    return tmp_path / "beside.json"


def _spoil(description: Path, change: Callable[[Any], None]) -> None:
    with h5py.File(description.with_name("beside.weights.h5"), "r+") as file:
        change(file)


def _replace(name: str, **dataset: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[name]
        file.create_dataset(name, **dataset)

    return change


def test_whole_weights_load(beside: Path) -> None:
    assert load_keras(beside) is not None


def test_missing_weights(beside: Path) -> None:
    beside.with_name("beside.weights.h5").unlink()
    with pytest.raises(UserError, match=r"beside\.json has no weights: .*beside\.weights\.h5 is missing"):
        load_keras(beside)
    assert keras_text(beside).startswith("input 11x12x1")


def test_missing_weights_in_an_archive(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("config.json", (FIXTURES / "beside.json").read_text())
    with pytest.raises(UserError, match=r"net\.keras has no weights: model\.weights\.h5 in .*net\.keras is missing"):
        load_keras(path)


def _without_layer(file: Any) -> None:
    del file["layers/conv2d_1"]


def _without_bias(file: Any) -> None:
    del file[f"{_CONV}/1"]


def _soft_link(file: Any) -> None:
    del file[f"{_CONV}/0"]
    file[f"{_CONV}/0"] = h5py.SoftLink("/layers/conv2d/vars/1")


def _external_link(file: Any) -> None:
    del file["layers/conv2d"]
    file["layers/conv2d"] = h5py.ExternalLink("other.h5", "/layers/conv2d")


def _group_in_place(file: Any) -> None:
    del file[f"{_CONV}/0"]
    file.create_group(f"{_CONV}/0")


def _dataset_in_place(file: Any) -> None:
    del file["layers/conv2d"]
    file["layers/conv2d"] = np.zeros(3)


def _elsewhere(file: Any) -> None:
    """Raw numbers in any file of the machine, as HDF5 allows."""
    secret = Path(file.filename).with_name("secret.txt")
    secret.write_bytes(b"s" * 144)
    del file[f"{_CONV}/0"]
    file.create_dataset(f"{_CONV}/0", (3, 3, 1, 4), "f4", external=[(str(secret), 0, 144)])


def _virtual(file: Any) -> None:
    del file[f"{_CONV}/0"]
    layout = h5py.VirtualLayout((3, 3, 1, 4), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", (3, 3, 1, 4))
    file.create_virtual_dataset(f"{_CONV}/0", layout)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_layer, r"layer 'conv2d_10' \(Conv2D\): .*weights\.h5 holds no weights for it"),
        (_dataset_in_place, r"holds no weights for it"),
        (_without_bias, "holds 1 weights for it, where it has 2"),
        (lambda file: file.create_dataset(f"{_CONV}/2", data=1.0), "holds 3 weights for it, where it has 2"),
        (_soft_link, "are a link to elsewhere, which is not followed"),
        (_external_link, "are a link to elsewhere, which is not followed"),
        (_elsewhere, "weight 0 in .* lies in another file, which is not read"),
        (_virtual, "weight 0 in .* lies in another file, which is not read"),
        (_group_in_place, r"weight 0 in .* has the shape None, where it must be \(3, 3, 1, 4\)"),
        (
            _replace(f"{_CONV}/0", shape=(4, 1, 3, 3), dtype="f4"),
            r"weight 0 in .* has the shape \(4, 1, 3, 3\), where it must be \(3, 3, 1, 4\)",
        ),
        # Far more than memory, though small in the file.
        (_replace(f"{_CONV}/0", shape=(10**6, 10**6, 10**4), dtype="f4", chunks=True), "has the shape"),
        (_replace(f"{_CONV}/0", shape=(3, 3, 1, 4), dtype="i4"), "holds int32, not floating-point numbers"),
    ],
)
def test_weights_that_do_not_fit(beside: Path, change: Callable[[Any], None], message: str) -> None:
    _spoil(beside, change)
    with pytest.raises(UserError, match=message):
        load_keras(beside)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_other_widths_of_numbers(beside: Path, kind: str) -> None:
    numbers = np.arange(36).reshape(3, 3, 1, 4)
    _spoil(beside, _replace(f"{_CONV}/0", data=numbers.astype(kind)))
    weight = load_keras(beside).get_parameter("conv1.weight").detach().numpy()
    assert weight.dtype == np.float32
    assert np.array_equal(weight, numbers.transpose(3, 2, 0, 1))


def test_every_cut_of_a_weights_file_is_refused(beside: Path) -> None:
    path = beside.with_name("beside.weights.h5")
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="is damaged, or no weights file"):
            load_keras(beside)


def test_an_empty_hdf5_file(beside: Path) -> None:
    empty = io.BytesIO()
    h5py.File(empty, "w").close()
    beside.with_name("beside.weights.h5").write_bytes(empty.getvalue())
    with pytest.raises(UserError, match="holds no weights for it"):
        load_keras(beside)


def test_without_h5py(monkeypatch: pytest.MonkeyPatch, beside: Path) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UserError, match=r'need h5py: pip install "\.\[keras\]" in the clone of convsight'):
        load_keras(beside)
    assert keras_text(beside).startswith("input 11x12x1")
