"""Cuts that part neither equal images nor groups, and what is said where given splits share images."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.training.heard import Heard

from convsight.datasets import Dataset, apply_splits_csv, read_dataset, splits_csv
from convsight.datasets.stored_splits import digests_in_splits_csv
from convsight.settings import TrainSettings
from convsight.tasks.image_size import unmeasured
from convsight.training.cutting import Source, digests_by_name, keep_together
from convsight.training.data import Prepared, fit_images


def noise(number: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (12, 10, 3), np.uint8))


def folder_of(root: Path, counts: dict[str, int], first: int = 0) -> Path:
    """Class folders with so many different images each."""
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for index in range(count):
            noise(first + 1000 * len(label) + index).save(root / label / f"{index:02d}.png")
    return root


def prepare(data: Path | Dataset, heard: Heard, **choices: object) -> tuple[Dataset, Prepared]:
    """What a training does with `data` before its first epoch."""
    settings = TrainSettings.of(data=str(data), workers=0, **choices)
    source = Source.of(read_dataset(data, settings.group), settings, heard)
    dataset = source.cut(settings)
    prepared = fit_images(dataset, unmeasured(8, 8, "crop"), settings, heard)
    return keep_together(source, dataset, prepared, settings, heard)


def pixels(prepared: Prepared, name: str) -> dict[str, NDArray[np.uint8]]:
    """The fitted image of each name in a split."""
    images = prepared.examples[name].images
    return dict(zip(prepared.dataset.splits[name].names, images.take(np.arange(len(images))), strict=True))


class TestEqualImages:
    @pytest.fixture
    def twice(self, tmp_path: Path) -> Path:
        """Sixteen images of each class, saved twice: as PNG and as BMP."""
        folder = folder_of(tmp_path / "photos", {"ant": 16, "bees": 16})
        for file in sorted(folder.rglob("*.png")):
            Image.open(file).save(file.with_suffix(".bmp"))
        return folder

    def test_are_cut_as_one(self, twice: Path) -> None:
        heard = Heard()
        dataset, prepared = prepare(twice, heard)
        home = {name.rsplit(".")[0]: split for split in dataset.splits for name in dataset.splits[split].names}
        for split in dataset.splits.values():
            assert {home[name.rsplit(".")[0]] for name in split.names} == {split.name}
        assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 48, "val": 4, "test": 12}
        assert heard.said == [
            "note: 64 images are equal to others (32 groups), and no such group is cut: 48 train, 4 val, 12 test"
        ]
        assert prepared.dataset.splits.keys() == dataset.splits.keys()

    def test_take_their_pixels_and_targets_along(self, twice: Path) -> None:
        _, prepared = prepare(twice, Heard())
        spec = prepared.input
        for name, split in prepared.dataset.splits.items():
            for image, fitted in pixels(prepared, name).items():
                np.testing.assert_array_equal(fitted, spec.load(twice / image).array)
            lines = [image.split("/")[0] for image in split.names]
            assert prepared.examples[name].targets.lines() == split.targets.lines() == lines
            assert prepared.examples[name].images.size(0) == (10, 12)

    def test_none_of_them_changes_nothing(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "photos", {"ant": 16, "bees": 16})
        settings = TrainSettings(data=str(folder))
        heard = Heard()
        dataset, _ = prepare(folder, heard)
        assert splits_csv(dataset) == splits_csv(Source(read_dataset(folder), {}).cut(settings))
        assert heard.said == []

    def test_that_cannot_be_read_keep_their_places(self, twice: Path) -> None:
        (twice / "ant" / "00.png").write_bytes((twice / "ant" / "00.png").read_bytes()[:60])
        dataset, prepared = prepare(twice, Heard(), skip_unreadable=True)
        assert sum(map(len, dataset.splits.values())) == 64
        assert sum(map(len, prepared.dataset.splits.values())) == 63
        stored = splits_csv(dataset, digests_by_name(prepared))
        assert {name: len(values) for name, values in digests_in_splits_csv(stored).items()} == {
            name: len(examples) for name, examples in prepared.examples.items()
        }
        again = apply_splits_csv(read_dataset(twice), stored)
        assert splits_csv(again) == splits_csv(dataset)

    def test_too_few_that_differ_stay_parted_and_that_is_said(self, tmp_path: Path) -> None:
        for label, number in (("ant", 1), ("bees", 2)):
            (tmp_path / label).mkdir()
            for index in range(10):
                noise(number).save(tmp_path / label / f"{index}.png")
        heard = Heard()
        dataset, _ = prepare(tmp_path, heard)
        assert len(dataset.splits) == 3
        assert "too few images differ" in heard.said[0]
        assert "of 4 images of test are pixel for pixel those of train" in "".join(heard.said)

    def test_in_given_splits_are_told_with_numbers(self, tmp_path: Path) -> None:
        folder_of(tmp_path / "train", {"ant": 8, "bees": 8})
        folder_of(tmp_path / "val", {"ant": 4, "bees": 4}, first=500)
        shutil.copyfile(tmp_path / "train" / "ant" / "03.png", tmp_path / "val" / "ant" / "copy.png")
        folder_of(tmp_path / "test", {"ant": 4, "bees": 4}, first=700)
        heard = Heard()
        prepare(tmp_path, heard)
        assert heard.said == [
            "note: 1 of 9 images of val are pixel for pixel those of train (val/ant/copy.png): what val tells has been "
            "seen before"
        ]


class TestGroups:
    def test_by_a_pattern_are_cut_as_one(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "photos", {"ant": 16, "bees": 16})
        dataset, _ = prepare(folder, Heard(), group=r"\d(\d)\.png")
        last = {name: {image[-5] for image in split.names} for name, split in dataset.splits.items()}
        assert sum(map(len, last.values())) == len(set.union(*last.values())) == 10
        assert min(map(len, last.values())) >= 1

    def test_by_a_column_are_cut_as_one_and_said(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path, {"ant": 20, "bees": 20})
        rows = [f"{c}/{i:02d}.png,{c},p{i // 4}" for c in ("ant", "bees") for i in range(20)]
        (folder / "data.csv").write_text("\n".join(("path,label,patient", *rows)))
        dataset, _ = prepare(folder / "data.csv", Heard(), group="patient")
        patients = {name: {int(image[-6:-4]) // 4 for image in split.names} for name, split in dataset.splits.items()}
        assert sorted(map(len, patients.values())) == [1, 1, 3]
        assert sorted(each for found in patients.values() for each in found) == [0, 1, 2, 3, 4]
        assert any("the column 'patient' makes 5 groups; no group is cut" in note for note in dataset.notes)

    def test_shared_by_given_splits_are_told(self, tmp_path: Path) -> None:
        folder_of(tmp_path / "train", {"ant": 8, "bees": 8})
        folder_of(tmp_path / "val", {"ant": 4, "bees": 4}, first=500)
        heard = Heard()
        prepare(tmp_path, heard, group=r"0[0-3]", test_fraction=0)
        assert any("8 of 8 images of val are of one group with images of train" in line for line in heard.said)

    def test_of_lookalikes_on_request(self, tmp_path: Path) -> None:
        folder = tmp_path / "photos"
        for label, first in (("ant", 0), ("bees", 50)):
            (folder / label).mkdir(parents=True)
            for index in range(12):
                image = noise(first + index).resize((64, 64), Image.Resampling.BICUBIC)
                image.save(folder / label / f"{index:02d}.png")
                image.save(folder / label / f"{index:02d}.jpg", quality=85)
        dataset, _ = prepare(folder, Heard(), group_lookalikes=True)
        for split in dataset.splits.values():
            stems = [name.rsplit(".")[0] for name in split.names]
            assert all(stems.count(stem) == 2 for stem in stems)
        assert any("48 images look like others; no such group is cut" in note for note in dataset.notes)
