import os
from pathlib import Path

import numpy as np
import pytest
from tests.stacks import write_pages, write_slices

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.inputs import VolumeInput
from convsight.runtime.sources import read_sources
from convsight.runtime.sources.folders import LeftOut, images_matching


def names(*sources: str | Path) -> list[str]:
    return [item.name for item in read_sources(sources)]


def test_folders_are_walked_in_the_order_of_names_and_files_are_taken_whatever_their_suffix(photos: Path) -> None:
    (photos / "notes.txt").write_text("no image")
    (photos / "dark" / "more").mkdir()
    (photos / "dark" / "0.png").rename(photos / "dark" / "more" / "first.png")
    expected = [photos / "bright" / f"{n}.png" for n in range(10)]
    expected += [photos / "dark" / f"{n}.png" for n in range(1, 10)] + [photos / "dark" / "more" / "first.png"]
    assert names(photos / "notes.txt", photos) == [str(file) for file in (photos / "notes.txt", *expected)]


def test_the_same_source_twice_is_answered_twice(photos: Path) -> None:
    once = names(photos / "dark")
    assert names(photos / "dark", photos / "bright" / "1.png", photos / "dark") == [
        *once,
        str(photos / "bright" / "1.png"),
        *once,
    ]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("*.png", 0),
        ("*/*.png", 20),
        ("**/*.png", 20),
        ("**", 20),
        ("d*/[0-3].*", 4),
        ("*/dark/*", 0),
        ("**/dark/?.png", 10),
    ],
)
def test_patterns(photos: Path, pattern: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    (photos / "dark" / "notes.txt").write_text("no image")
    if count == 0:
        with pytest.raises(UserError, match=r"no image or video is named .*upper and lower case count"):
            names(pattern)
    else:
        found = names(pattern)
        assert len(found) == count
        assert found == sorted(found)
        assert set(found) <= {str(file.relative_to(photos)) for file in photos.rglob("*.png")}


def test_a_pattern_enters_only_folders_that_it_may_name(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[str] = []
    scandir = os.scandir

    def watched(path: str) -> object:
        entered.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", watched)
    assert len(list(images_matching(f"{photos}/da*/*.png", 1))) == 10
    assert entered == [str(photos), str(photos / "dark")]


def test_a_file_whose_name_looks_like_a_pattern(photos: Path) -> None:
    (photos / "dark" / "0.png").rename(photos / "a[1].png")
    assert names(photos / "a[1].png") == [str(photos / "a[1].png")]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["nowhere.png"], "nowhere.png does not exist"),
        (["empty"], "empty holds no images"),
        (["-", "-"], "only once"),
        (["file:///etc/passwd"], "no address of the web"),
        (["ftp://example.org/cat.jpg"], "no address of the web"),
    ],
)
def test_what_cannot_work_is_known_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        read_sources(sources)


def test_what_is_missing_beside_others_is_told_in_its_place(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    wrong = ["missing.jpg", "empty", "nothing*.png", "file:///etc/passwd", "pipe.png"]
    good = str(photos / "dark" / "0.png")
    found = list(read_sources([wrong[0], good, *wrong[1:]]))
    assert [item.name for item in found] == [wrong[0], good, *wrong[1:]]
    assert found[1].load() == Path(good)
    for item, words in zip(
        [found[0], *found[2:]],
        ["missing.jpg does not exist", "holds no images", "no image or video", "no address", "is a pipe"],
        strict=True,
    ):
        with pytest.raises(ImageError, match=words):
            item.load()
    with pytest.raises(UserError, match=r"missing\.jpg does not exist"):
        read_sources(wrong)


def test_brackets_in_names_and_in_patterns(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "photos [2024]" / "a*b"
    place.parent.mkdir()
    (photos / "dark").rename(place)
    ten = [f"photos [2024]/a*b/{n}.png" for n in range(10)]
    for source in ("photos [2024]", "photos [2024]/a*b", "photos [2024]/a*b/*.png", "photos [[]2024]/*/*.png"):
        assert names(source) == ten, source
    assert names("photos [2024]/a*b/[1-3].png") == ten[1:4]
    for name in ("a[1].png", "b[1]-0.png", "b1-0.png"):
        (place / name).write_bytes((place / "0.png").read_bytes())
    assert names("photos [2024]/a*b/a[1].png") == ["photos [2024]/a*b/a[1].png"]
    # A pattern that may be meant either way names both.
    assert names("photos [2024]/a*b/b[1]-*") == ["photos [2024]/a*b/b1-0.png", "photos [2024]/a*b/b[1]-0.png"]


def test_what_systems_leave_beside_photos_is_left_out_and_told(photos: Path) -> None:
    made = ["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", ".thumbnails", "__pycache__", ".Trash-1000", "__MACOSX"]
    made += [".ipynb_checkpoints", ".AppleDouble", "Thumbs.db"]
    for name in made:
        (photos / "dark" / name / "0.png").mkdir(parents=True)
        (photos / "dark" / name / "0.png" / "thumb.png").write_bytes((photos / "dark" / "0.png").read_bytes())
    left_out = LeftOut()
    assert len(list(read_sources([photos, f"{photos}/**/*.png"], left_out=left_out))) == 40
    assert left_out.words.startswith("left out, since a system or file server made them: 11 folders (")
    assert str(photos / "dark" / "#recycle") in left_out.words
    assert len(names(photos / "dark" / "@eaDir")) == 1  # where somebody names it
    assert LeftOut().words == ""


def test_a_folder_that_cannot_be_read_is_reported_in_its_place(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def denied(path: str) -> object:  # tests may run as root, whom no permission stops
        if path.endswith("dark"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    *good, bad = read_sources([photos])
    assert len(good) == 10
    assert bad.name == str(photos / "dark")
    with pytest.raises(ImageError, match="Permission denied"):
        bad.load()


def test_a_folder_of_slices_is_one_volume(tmp_path: Path) -> None:
    volumes = VolumeInput(depth=3, height=4, width=5, channels=1, mean=(0.0,), std=(1.0,), bits=8)
    slices = np.zeros((3, 4, 5), np.uint8)
    for name in ("b", "a"):
        write_slices(tmp_path / "scans" / name, slices)
    write_pages(tmp_path / "scans" / "c.tif", slices)
    folder = tmp_path / "scans"

    def names(*sources: Path) -> list[str]:
        found = read_sources(sources, is_file=volumes.is_file, is_whole=volumes.is_whole)
        return [Path(item.name).relative_to(folder).as_posix() for item in found]

    assert names(folder) == ["a", "b", "c.tif"]
    assert names(folder / "b", folder / "c.tif") == ["b", "c.tif"]
    assert [item.load() for item in read_sources([folder / "b"], is_whole=volumes.is_whole)] == [folder / "b"]
    images = [Path(item.name).name for item in read_sources([folder / "a"])]
    assert images == ["slice1.png", "slice2.png", "slice3.png"]
