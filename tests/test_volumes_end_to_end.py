"""Volumes through the verbs: classes and masks of NIfTI files are learnt, exported, predicted and written back."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.command import within
from tests.stacks import write_slices
from tests.volume_files import ball, nibabel, write_volume

from convsight.inputs import VolumeInput
from convsight.inputs.slices import read_slices
from convsight.model_files import read_card
from convsight.runtime.model import load

AFFINE = np.array([[-1.1, 0, 0, 31.5], [0, 0, 1.3, -7.25], [0, 0.9, 0.0, 2], [0, 0, 0, 1]])
CLASSES = "conv 4 3x3x3 stride 2 | relu | globalavg | dense classes"


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("volumes") / "masks"
    lines = ["image,label,split"]
    for number in range(10):
        voxels, mask = ball((9, 8, 10), 2.5 + number % 3 / 2, number)
        write_volume(folder / "images" / f"{number}.nii.gz", voxels, AFFINE)
        write_volume(folder / "labels" / f"{number}.nii.gz", mask, AFFINE)
        split = ("train", "val", "test")[max(0, number - 7)]
        lines.append(f"images/{number}.nii.gz,labels/{number}.nii.gz,{split}")
    (folder / "splits.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.slow
def test_masks_are_learnt_and_written_where_their_volume_lies(masks: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = within("train", masks, "--epochs", "3", "--batch", "2", "--run", run)
    assert done.returncode == 0, done.stderr
    assert "unet-3d-s, since these are volumes" in done.stderr
    card = read_card(run / "model.onnx")
    assert isinstance(card.input, VolumeInput)
    assert card.input.array_shape == (8, 16, 16, 1)
    assert {"test/mDice", "test/Dice/1", "test/hausdorff95_mm/1"} <= card.metrics.keys()
    file = masks / "images" / "9.nii.gz"
    predicted = within("predict", run / "model.onnx", file, "--files", tmp_path / "out", "--format", "json")
    assert predicted.returncode == 0, predicted.stderr
    [written] = (tmp_path / "out").iterdir()
    assert written.name.endswith("mask.nii.gz")
    back, own = nibabel.load(written), nibabel.load(file)
    assert back.affine.tobytes() == own.affine.tobytes()
    assert back.shape == own.shape
    indices = load(run / "model.onnx").predict(file).indices  # type: ignore[attr-defined]  # of a class map
    again = nibabel.as_closest_canonical(nibabel.Nifti1Image.from_bytes(gzip.decompress(written.read_bytes())))
    assert (indices == np.asarray(again.dataobj).T).all()


def test_volumes_are_told_apart_and_exported(tmp_path: Path) -> None:
    for split, count in (("train", 12), ("val", 4), ("test", 4)):
        for number in range(count):
            voxels, _ = ball((8, 9, 10), 1.5 + 2 * (number % 2), number + len(split))
            write_volume(tmp_path / "data" / split / ("large" if number % 2 else "small") / f"{number}.nii.gz", voxels)
    run = tmp_path / "run"
    done = within("train", tmp_path / "data", "--epochs", "3", "--net", "small-3d", "--run", run)
    assert done.returncode == 0, done.stderr
    assert read_card(run / "model.safetensors").input.kind == "volume"
    predicted = within("predict", run, tmp_path / "data" / "test", "--format", "json")
    lines = [json.loads(line) for line in predicted.stdout.splitlines()]
    assert len(lines) == 4
    assert all(line["labels"][0]["name"] in {"large", "small"} for line in lines)
    four = write_volume(tmp_path / "four.nii", np.zeros((2, 3, 4, 5), np.float32))
    assert "has 4 axes" in within("predict", run, four, "--format", "json").stdout
    refused = within("train", tmp_path / "data", "--epochs", "1", "--net", "small", "--run", tmp_path / "other")
    assert refused.returncode == 2
    assert "small takes images, not volumes" in refused.stderr


@pytest.mark.slow
def test_drawn_volumes_are_learnt_judged_converted_and_predicted_as_files_and_slices(tmp_path: Path) -> None:
    run, files = tmp_path / "run", tmp_path / "files"
    done = within("train", "volumes", "--epochs", "1", "--no-mirror", "--no-export", "--run", run)
    assert done.returncode == 0, done.stderr
    card = read_card(run / "model.safetensors")
    assert {"test/Dice/ball", "test/hausdorff95_mm/ellipsoid"} <= card.metrics.keys()
    assert within("convert", "volumes", files, "--to", "volumes").returncode == 0
    judged = within("evaluate", run, files, "--split", "test", "--format", "json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout)["metrics"]["test/mDice"]["value"] == pytest.approx(
        card.metrics["test/mDice"].value
    )
    one = files / "images" / "test-00000.nii.gz"
    drawn = ("--draw", tmp_path / "drawn")
    written = within("predict", run, one, "--files", tmp_path / "out", *drawn, "--format", "json")
    assert json.loads(written.stdout)["mask"] == {"depth": 24, "height": 32, "width": 32}
    [mask] = (tmp_path / "out").iterdir()
    assert nibabel.load(mask).affine.tobytes() == nibabel.load(one).affine.tobytes()
    stack = write_slices(tmp_path / "stack", np.asarray(nibabel.load(one).dataobj).T)
    pages = within("predict", run, stack, "--files", tmp_path / "pages", "--format", "json")
    assert pages.returncode == 0, pages.stderr
    [tiff] = (tmp_path / "pages").iterdir()
    assert (read_slices(tiff, "a", 1e6, indices=True) == np.asarray(nibabel.load(mask).dataobj).T).all()
    with Image.open(next((tmp_path / "drawn").iterdir())) as montage:
        assert montage.width > montage.height  # four slices beside three
