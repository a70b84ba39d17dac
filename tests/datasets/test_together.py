"""Which images belong together, and cuts that part none of them."""

from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.datasets.test_splits import dataset, members, pairs

from convsight.datasets import UNSPLIT, Dataset, cut_splits, read_dataset
from convsight.datasets.together import grouped, in_words, joined, parted, shared
from convsight.errors import UserError
from convsight.targets import counts_by_class


def shown(data: Dataset) -> dict[str, list[int]]:
    """Images of each class by split."""
    return {name: list(counts_by_class(split.targets).values()) for name, split in data.splits.items()}


class TestCutsOfUnits:
    @given(st.lists(st.integers(1, 6), min_size=12, max_size=60), st.integers(0, 2**32 - 1))
    def test_no_unit_is_parted_and_parts_are_as_large_as_they_should_be(self, sizes: list[int], seed: int) -> None:
        names = [(f"{unit}/{i}.png", 0) for unit, size in enumerate(sizes) for i in range(size)]
        together = {name: name.split("/")[0] for name, _ in names}
        cut = cut_splits(dataset(all=[*names, *pairs(0, 5, prefix="z")]), 0.2, 0.3, seed, together)
        assert not parted(cut.splits, together)
        # Half the largest unit, and half an image of rounding.
        for name, share in (("val", 0.2), ("test", 0.3)):
            assert abs(shown(cut)[name][0] - share * sum(sizes)) <= max(sizes) / 2 + 0.5

    def test_pairs_leave_the_strata_as_they_are(self) -> None:
        data = dataset(all=pairs(40, 60))
        together = {f"{c}/{i}.png": (c, i // 2) for c in (0, 1) for i in range(20)}
        whole, cut = cut_splits(data, 0.1, 0.2, 0), cut_splits(data, 0.1, 0.2, 0, together)
        assert parted(whole.splits, together)
        assert not parted(cut.splits, together)
        assert shown(cut) == shown(whole) == {"train": [28, 42], "val": [4, 6], "test": [8, 12]}

    def test_units_that_are_alone_change_nothing(self) -> None:
        data = dataset(all=pairs(30, 41))
        alone = {name: name for name in data.split(UNSPLIT).names}
        assert members(cut_splits(data, 0.1, 0.2, 3, alone)) == members(cut_splits(data, 0.1, 0.2, 3))

    def test_a_cut_of_units_does_not_depend_on_the_order(self) -> None:
        listed = pairs(30, 30)
        together = {name: int(name[2:-4]) // 3 for name, _ in listed}  # three images of each class
        one, other = (cut_splits(dataset(all=each), 0.2, 0.2, 1, together) for each in (listed, listed[::-1]))
        assert members(one) == members(other)
        assert shown(one) == {"train": [18, 18], "val": [6, 6], "test": [6, 6]}

    def test_few_large_groups_still_give_every_part_its_classes(self) -> None:
        """Four patients of each class, every one of them larger than val should be."""
        listed = pairs(40, 40)
        together = {name: (name[0], int(name[2:-4]) // 10) for name, _ in listed}
        for seed in range(20):
            cut = cut_splits(dataset(all=listed), 0.05, 0.2, seed, together)
            assert shown(cut) == {"train": [20, 20], "val": [10, 10], "test": [10, 10]}

    def test_a_class_that_is_one_group_stays_in_train(self) -> None:
        listed = pairs(30, 8)
        cut = cut_splits(dataset(all=listed), 0.1, 0.2, 0, {name: 1 for name, label in listed if label == 1})
        assert shown(cut) == {"train": [21, 8], "val": [3, 0], "test": [6, 0]}

    def test_too_few_groups(self) -> None:
        listed = pairs(9, 9)
        with pytest.raises(UserError, match="stay together in 2 groups, but 3 are needed"):
            cut_splits(dataset(all=listed), 0.1, 0.2, 0, {name: name[0] for name, _ in listed})

    def test_forty_thousand_pairs_are_cut_in_no_time(self) -> None:
        listed = [(f"{i:05d}", i % 1000) for i in range(80_000)]
        together = {name: int(name) % 40_000 for name, _ in listed}
        cut = cut_splits(dataset(all=listed), 0.05, 0.2, 0, together)
        assert not parted(cut.splits, together)
        assert len(cut.split("test")) == 16_000


class TestNoTest:
    def test_nothing_is_cut_for_it(self) -> None:
        assert shown(cut_splits(dataset(all=pairs(20, 20)), 0.1, 0, 0)) == {"train": [18, 18], "val": [2, 2]}
        given_both = dataset(train=pairs(20, 20), val=pairs(5, 5, prefix="v"))
        assert cut_splits(given_both, 0.1, 0, 0) is given_both

    def test_the_default_says_what_it_costs(self) -> None:
        cut = cut_splits(dataset(train=pairs(120, 125), val=pairs(5, 5, prefix="v")), 0.1, 0.2, 0)
        assert len(cut.split("test")) == 49
        assert (
            "49 of 245 training images are kept back for a test, which tells a share to about 14 points"
            in (cut.notes[-1])
        )
        assert "--test-fraction 0" in cut.notes[-1]


def table(folder: Path, header: str, *rows: str) -> Path:
    for row in rows:
        Image.new("L", (4, 4)).save(folder / row.split(",")[0])
    (folder / "data.csv").write_text("\n".join((header, *rows)))
    return folder / "data.csv"


class TestGroups:
    def test_a_column_of_a_table(self, tmp_path: Path) -> None:
        file = table(tmp_path, "path,label,Patient", "a.png,x,p 1", "b.png,y, p 1", "c.png,x,p2", "d.png,y,")
        found, words = grouped(read_dataset(file, "patient"), "patient")
        assert found == {"a.png": "p 1", "b.png": "p 1", "c.png": "p2"}
        assert words == "the column 'patient' makes 2 groups, 1 image in none of them; no group is cut"

    def test_a_column_that_is_the_label_or_the_path(self, tmp_path: Path) -> None:
        file = table(tmp_path, "path,label", "a.png,x", "b.png,y")
        assert grouped(read_dataset(file, "label"), "label")[0] == {"a.png": "x", "b.png": "y"}

    def test_a_column_of_a_table_of_boxes(self, tmp_path: Path) -> None:
        rows = ("a.png,x,0,0,2,2,u", "b.png,y,0,0,2,2,v", "b.png,y,1,1,3,3,v")
        file = table(tmp_path, "path,label,xmin,ymin,xmax,ymax,video", *rows)
        assert grouped(read_dataset(file, "video"), "video")[0] == {"a.png": "u", "b.png": "v"}
        table(tmp_path, "path,label,xmin,ymin,xmax,ymax,video", *rows[:2], "b.png,y,1,1,3,3,w")
        with pytest.raises(UserError, match=r"line 4: b\.png is in 'w' here but in 'v' in line 3"):
            read_dataset(file, "video")

    def test_an_entry_of_coco(self, tmp_path: Path) -> None:
        for name in "ab":
            Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
        (tmp_path / "boxes.json").write_text(
            '{"images": [{"id": 1, "file_name": "a.png", "video": 7}, {"id": 2, "file_name": "b.png"}],'
            '"categories": [{"id": 1, "name": "x"}],'
            '"annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}]}'
        )
        assert grouped(read_dataset(tmp_path / "boxes.json", "video"), "video")[0] == {"a.png": "7"}

    def test_two_values_for_one_image(self, tmp_path: Path) -> None:
        file = table(tmp_path, "path,label,patient", "a.png,x,1", "a.png,x,2", "b.png,y,2")
        with pytest.raises(UserError, match=r"line 3: a\.png is of '2' here but '1' in line 2"):
            read_dataset(file, "patient")

    def test_a_pattern(self) -> None:
        data = dataset(all=[("cat/p1_a.png", 0), ("dog/p1_b.png", 1), ("cat/p22_a.png", 0), ("dog/b.png", 1)])
        assert grouped(data, r"p\d+")[0] == {"cat/p1_a.png": "p1", "dog/p1_b.png": "p1", "cat/p22_a.png": "p22"}
        found, words = grouped(data, r"/(.*)_")
        assert found == {"cat/p1_a.png": ("p1",), "dog/p1_b.png": ("p1",), "cat/p22_a.png": ("p22",)}
        assert words.startswith("the pattern '/(.*)_' makes 2 groups, 1 image in none of them")

    @pytest.mark.parametrize(("group", "words"), [("patient", "is in no image's name"), ("(p", "it is no pattern: ")])
    def test_neither_column_nor_pattern(self, group: str, words: str) -> None:
        with pytest.raises(UserError, match=words):
            grouped(dataset(all=pairs(3, 3)), group)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_reasons_are_joined_as_a_graph_is(rows: list[tuple[int, int, int]]) -> None:
    one: dict[str, Hashable] = {str(name): value for name, value, _ in rows}
    other: dict[str, Hashable] = {str(name): value for name, _, value in rows}
    found = joined(one, other)
    reach = {(a, b) for a in found for b in found if a == b or one[a] == one[b] or other[a] == other[b]}
    for _ in found:
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    assert {(a, b) for a in found for b in found if found[a] == found[b]} == reach


def test_what_given_splits_share_is_told_with_numbers() -> None:
    splits = dataset(
        train=[("a", 0), ("b", 1), ("c", 1)], val=[("d", 0), ("e", 1)], test=[("f", 0), ("g", 1), ("h", 1)]
    ).splits
    found = shared(splits, {"a": 1, "d": 1, "f": 1, "g": 2, "b": 2, "h": 3, "c": 4})
    assert found == {("val", "train"): ["d"], ("test", "train"): ["f", "g"], ("test", "val"): ["f"]}
    assert in_words(found, splits, "equal to some of") == [
        "1 of 2 images of val are equal to some of train (d): what val tells has been seen before",
        "2 of 3 images of test are equal to some of train (f, g): what test tells has been seen before",
        "1 of 3 images of test are equal to some of val (f): what test tells has been seen before",
    ]
    assert np.all([not parted({"train": splits["train"]}, {"a": 1, "b": 2}), parted(splits, {"a": 1, "d": 1})])
