"""Splits to examples: what cannot be read is reported, left out of images and targets alike, or ends it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.datasets import Split
from convsight.datasets.read_examples import ReadSplit, read_examples
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.progress import Terminal
from convsight.results import Boxes, BoxLists, Labels

WANTED = ImageInput(height=4, width=4, mean=(0, 0, 0), std=(1, 1, 1))


def files(folder: Path, levels: list[int | None]) -> list[Path]:
    """An image of each level; None is a file that is no image."""
    folder.mkdir()
    found = []
    for number, level in enumerate(levels):
        file = folder / f"{number}.png"
        if level is None:
            file.write_bytes(b"no image")
        else:
            Image.new("RGB", (6, 5), (level,) * 3).save(file)
        found.append(file)
    return found


def split(folder: Path, name: str, levels: list[int | None]) -> Split:
    """A split whose classes are the places of its images."""
    images = files(folder / name, levels)
    labels = Labels(np.arange(len(levels)), tuple(map(str, range(len(levels)))))
    return Split(name, images, labels, [f"{name}/{file.name}" for file in images])


def read(splits: list[Split], skip: bool) -> dict[str, ReadSplit]:
    return read_examples(
        "data",
        {each.name: each for each in splits},
        WANTED,
        Terminal(),
        skip_unreadable=skip,
        workers=2,
        max_megapixels=1.0,
    )


def test_what_cannot_be_read_is_left_out_of_images_and_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = [split(tmp_path, "train", [10, None, 30, 40]), split(tmp_path, "val", [50])]
    found = read(splits, skip=True)
    assert list(found) == ["train", "val"]
    examples = found["train"].examples
    assert examples.images.take(np.arange(3))[:, 0, 0, 0].tolist() == [10, 30, 40]
    assert [examples.targets[row].to_json() for row in range(3)] == [
        splits[0].targets[row].to_json() for row in (0, 2, 3)
    ]
    assert found["train"].split.names == ["train/0.png", "train/2.png", "train/3.png"]
    assert found["val"].split is splits[1]
    assert capsys.readouterr().err.startswith("1 image left out, since unreadable:\n  train/1.png: ")


def test_unless_they_are_to_be_skipped_all_splits_are_read_and_told(tmp_path: Path) -> None:
    splits = [split(tmp_path, "train", [None, 20]), split(tmp_path, "val", [50, *[None] * 21])]
    with pytest.raises(UserError) as raised:
        read(splits, skip=False)
    lines = str(raised.value).splitlines()
    assert lines[0] == "22 images cannot be read:"
    assert lines[1].startswith("  train/0.png: ")
    assert len(lines) == 1 + 20 + 2
    assert lines[-2:] == ["  and 2 more", "mend or remove them, or leave them out: --skip-unreadable"]


def test_a_split_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image of the split 'val' can be read"):
        read([split(tmp_path, "train", [1]), split(tmp_path, "val", [None])], skip=True)


def test_what_is_left_must_show_something(tmp_path: Path) -> None:
    images = files(tmp_path / "val", [None, 20])
    one = Boxes.of(("a",), (6, 5), [(0, 0, 3, 3)], [0])
    targets = BoxLists([one, Boxes.of(("a",), (6, 5), [], [])], ("a",))
    with pytest.raises(UserError, match="data: no image of the split 'val' shows anything"):
        read([Split("val", images, targets, ["0", "1"])], skip=True)


def test_what_is_wrong_with_images_that_can_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = split(tmp_path, "train", [10, 20, 30]), split(tmp_path, "val", [50])
    content = io.BytesIO()
    Image.new("RGB", (6, 5), (20,) * 3).save(content, "JPEG")
    Path(one.images[1]).write_bytes(content.getvalue()[:-2])
    found = read([one, other], skip=False)
    assert len(found["train"].examples) == 3
    assert found["train"].examples.images.select(np.array([1, 2])).remarks.keys() == {0}
    assert "\n".join(line.rstrip() for line in capsys.readouterr().err.splitlines()).endswith(
        "note: 1 image could be read, but not as they should be:\n"
        "  train/1.png: its end marker is missing; all of its pixels are there"
    )


@pytest.mark.parametrize("room", [True, False])
def test_where_images_are_kept_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], room: bool
) -> None:
    monkeypatch.setattr("convsight.datasets.image_store.available_memory_bytes", lambda: 0)
    if not room:
        monkeypatch.setattr("convsight.datasets.image_store.PixelFile.make", lambda *of: None)
    splits = {name: split(tmp_path, name, [0, 9, 99]) for name in ("train", "val")}

    def kept_places(on_disk: bool) -> set[str]:
        found = read_examples(
            "data", splits, WANTED, Terminal(), skip_unreadable=False, workers=0, max_megapixels=1.0, on_disk=on_disk
        )
        return {each.examples.images.kept for each in found.values()}

    kept = kept_places(True)
    said = capsys.readouterr().err
    assert kept == {"disk" if room else "nowhere"}
    assert ("kept in a file" if room else "decoded again in every epoch") in " ".join(said.split())
    assert "TMPDIR" in said
    assert kept_places(False) == {"nowhere"}
    assert "TMPDIR" not in capsys.readouterr().err
