import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets import UNSPLIT, Dataset, Split, apply_splits_csv, cut_splits, read_dataset, splits_csv
from convsight.datasets.splits import MAX_VALIDATION
from convsight.datasets.stored_splits import digests_in_splits_csv
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes, NumberTargets, counts_by_class


def dataset(**splits: Sequence[tuple[str, int]]) -> Dataset:
    """Splits of (image name, class number); each image's pixel is a number drawn from its name."""
    classes = tuple(f"class {number}" for number in range(1 + max(c for pairs in splits.values() for _, c in pairs)))
    made = {}
    for name, pairs in splits.items():
        pixels = np.array([sum(image.encode()) % 256 for image, _ in pairs], np.uint8).reshape(-1, 1, 1)
        made[name] = Split(name, pixels, Labels(np.array([c for _, c in pairs]), classes), [n for n, _ in pairs])
    return Dataset("shapes", "shapes/", "classification", Classes(names=classes), made)


def pairs(*counts: int, prefix: str = "") -> list[tuple[str, int]]:
    """So many images of class 0, 1, ..."""
    return [(f"{prefix}{number}/{i}.png", number) for number, count in enumerate(counts) for i in range(count)]


def members(data: Dataset) -> dict[str, set[str]]:
    return {name: set(split.names) for name, split in data.splits.items()}


class_counts = st.lists(st.integers(3, 60), min_size=2, max_size=8)
fractions = st.tuples(st.floats(0.01, 0.89), st.floats(0.01, 0.89)).filter(lambda both: sum(both) < 0.9)


class TestAnyCut:
    @given(class_counts, fractions, st.integers(0, 2**32 - 1))
    def test_is_complete_disjoint_and_in_order(self, counts: list[int], shares: tuple[float, float], seed: int) -> None:
        data = dataset(all=pairs(*counts))
        cut = cut_splits(data, *shares, seed)
        place = {name: index for index, name in enumerate(data.split(UNSPLIT).names)}
        for split in cut.splits.values():
            assert sorted(split.names, key=place.__getitem__) == list(split.names)
        assert list(cut.splits) == ["train", "val", "test"]
        names = [name for split in cut.splits.values() for name in split.names]
        assert sorted(names) == sorted(data.split(UNSPLIT).names)

    @given(class_counts, fractions, st.integers(0, 2**32 - 1))
    def test_is_stratified(self, counts: list[int], shares: tuple[float, float], seed: int) -> None:
        cut = cut_splits(dataset(all=pairs(*counts)), *shares, seed)
        parts = {name: list(counts_by_class(split.targets).values()) for name, split in cut.splits.items()}
        for number, count in enumerate(counts):
            assert min(parts[name][number] for name in parts) >= 1
            for name, share in (("val", shares[0]), ("test", shares[1])):
                # Half an image of rounding, or as many as leave one for each other part.
                wanted = min(max(1, count * share), count - 2)
                squeezed = name == "val" and parts["train"][number] == 1
                assert abs(parts[name][number] - wanted) <= 0.5 + 1e-9 or (squeezed and parts[name][number] < wanted)

    @given(class_counts, fractions, st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order(
        self, counts: list[int], shares: tuple[float, float], seed: int, chance: random.Random
    ) -> None:
        listed = pairs(*counts)
        shuffled = listed.copy()
        chance.shuffle(shuffled)
        assert members(cut_splits(dataset(all=listed), *shares, seed)) == members(
            cut_splits(dataset(all=shuffled), *shares, seed)
        )

    @given(class_counts, st.integers(0, 2**32 - 1))
    def test_keeps_labels_and_pixels_with_their_names(self, counts: list[int], seed: int) -> None:
        for split in cut_splits(dataset(all=pairs(*counts)), 0.2, 0.2, seed).splits.values():
            for name, image, target in zip(split.names, split.images, split.targets.lines(), strict=True):
                assert np.asarray(image).item() == sum(name.encode()) % 256
                assert target == f"class {name.split('/')[0]}"

    @given(class_counts, fractions, st.integers(0, 2**32 - 1))
    def test_can_be_stored_and_repeated(self, counts: list[int], shares: tuple[float, float], seed: int) -> None:
        data = dataset(all=pairs(*counts))
        cut = cut_splits(data, *shares, seed)
        again = apply_splits_csv(data, splits_csv(cut))
        for name, split in cut.splits.items():
            assert list(again.split(name).names) == list(split.names)
            assert list(again.split(name).targets.lines()) == list(split.targets.lines())
            np.testing.assert_array_equal(np.asarray(again.split(name).images), np.asarray(split.images))


def test_the_seed_decides() -> None:
    data = dataset(all=pairs(30, 30))
    assert members(cut_splits(data, 0.2, 0.2, 1)) == members(cut_splits(data, 0.2, 0.2, 1))
    assert members(cut_splits(data, 0.2, 0.2, 1)) != members(cut_splits(data, 0.2, 0.2, 2))


def test_a_cut_stays_the_same_for_ever() -> None:
    # In each class the name whose digest is smallest goes to test, the next to val.
    cut = cut_splits(dataset(all=pairs(5, 5)), 0.2, 0.2, 0)
    assert members(cut)["test"] == {"0/1.png", "1/4.png"}
    assert members(cut)["val"] == {"0/3.png", "1/2.png"}


def test_another_class_does_not_change_the_cut_of_one() -> None:
    small, large = (cut_splits(dataset(all=pairs(*counts)), 0.2, 0.3, 5) for counts in ((20, 20), (20, 20, 50)))
    assert {name for name in members(large)["test"] if not name.startswith("2")} == members(small)["test"]


def test_the_chances_are_even() -> None:
    data = dataset(all=pairs(10, 10))
    chosen = Counter(name for seed in range(300) for name in cut_splits(data, 0.1, 0.3, seed).split("test").names)
    assert len(chosen) == 20
    assert all(60 <= count <= 120 for count in chosen.values())  # 90 expected, standard deviation 8


class TestWhatIsThere:
    def test_validation_is_cut_from_training(self) -> None:
        data = dataset(train=pairs(20, 40), test=pairs(5, 5, prefix="t"))
        cut = cut_splits(data, 0.1, 0.2, 0)
        assert cut.split("test") is data.split("test")
        assert counts_by_class(cut.split("val").targets) == {"class 0": 2, "class 1": 4}
        assert members(cut)["train"] | members(cut)["val"] == members(data)["train"]
        assert cut.notes == ("cut from 60 images, stratified by class: 6 for val",)

    def test_test_is_cut_from_training(self) -> None:
        data = dataset(train=pairs(20, 40), val=pairs(5, 5, prefix="v"))
        cut = cut_splits(data, 0.1, 0.2, 0)
        assert cut.split("val") is data.split("val")
        assert counts_by_class(cut.split("test").targets) == {"class 0": 4, "class 1": 8}

    def test_both_are_cut_from_training_alone(self) -> None:
        cut = cut_splits(dataset(train=pairs(20, 40)), 0.1, 0.2, 0)
        assert {name: len(split) for name, split in cut.splits.items()} == {"train": 42, "val": 6, "test": 12}
        assert cut.notes == ("cut from 60 images, stratified by class: 6 for val and 12 for test",)

    def test_numbers_are_not_said_to_be_stratified_by_class(self) -> None:
        spec = NumberTargets(names=("height",), units=("m",))
        split = Split("all", np.zeros((20, 1)), spec.of_array(np.arange(20.0)), [str(n) for n in range(20)])
        cut = cut_splits(Dataset("heights", "heights", "regression", spec, {"all": split}), 0.1, 0.2, 0)
        assert cut.notes == ("cut from 20 examples: 2 for val and 4 for test",)

    def test_complete_data_is_left_alone(self) -> None:
        data = dataset(train=pairs(3, 3), val=pairs(1, 1, prefix="v"), test=pairs(1, 1, prefix="t"))
        assert cut_splits(data, 0.1, 0.2, 0) is data

    def test_two_images_of_a_class_are_enough_for_one_cut(self) -> None:
        cut = cut_splits(dataset(train=pairs(2, 2), test=pairs(1, 1, prefix="t")), 0.5, 0.2, 0)
        assert [len(split) for split in cut.splits.values()] == [2, 2, 2]

    def test_validation_has_a_limit(self) -> None:
        counts = (*range(3, 700, 7), 60_000)
        cut = cut_splits(dataset(train=pairs(*counts), test=pairs(1, 1, prefix="t")), 0.5, 0.2, 0)
        assert len(cut.split("val")) <= MAX_VALIDATION
        assert len(cut.split("val")) > 0.98 * MAX_VALIDATION
        assert min(counts_by_class(cut.split("val").targets).values()) == 1

    def test_more_classes_than_the_limit_still_have_one_each(self) -> None:
        classes = MAX_VALIDATION + 10
        cut = cut_splits(dataset(train=pairs(*[2] * classes), test=[("t", 0)]), 0.1, 0.2, 0)
        assert len(cut.split("val")) == classes


class TestRefusals:
    @pytest.mark.parametrize("splits", [{"test"}, {"val"}, {"val", "test"}])
    def test_nothing_to_train_on(self, splits: set[str]) -> None:
        data = dataset(**{name: pairs(3, 3, prefix=name) for name in splits})
        with pytest.raises(UserError, match="but no training images"):
            cut_splits(data, 0.1, 0.2, 0)

    def test_too_few_images_for_three_parts(self) -> None:
        with pytest.raises(UserError, match=r"'class 1' has 2 images, but 3 are needed .* train, val and test"):
            cut_splits(dataset(all=pairs(9, 2)), 0.1, 0.2, 0)

    def test_too_few_images_for_two_parts(self) -> None:
        data = dataset(train=pairs(9, 1), test=pairs(1, 1, prefix="t"))
        with pytest.raises(UserError, match=r"'class 1' has 1 image, but 2 are needed .* train, val;"):
            cut_splits(data, 0.1, 0.2, 0)

    @pytest.mark.parametrize("shares", [(0, 0.2), (0.1, 1), (0.5, 0.5), (-0.1, 0.2)])
    def test_shares_that_leave_nothing(self, shares: tuple[float, float]) -> None:
        with pytest.raises(UserError, match="give shares that sum to under 1"):
            cut_splits(dataset(all=pairs(9, 9)), *shares, 0)


class TestStoredCuts:
    @pytest.fixture
    def data(self) -> Dataset:
        return dataset(all=pairs(5, 5))

    def test_the_text(self) -> None:
        data = dataset(train=[('a, "b".png', 0), ("c\nd.png", 1)], test=[("e.png", 1)])
        assert splits_csv(data) == 'split,picture\ntrain,"a, ""b"".png"\ntrain,"c\nd.png"\ntest,e.png\n'
        assert members(apply_splits_csv(data, splits_csv(data))) == members(data)

    def test_the_text_with_digests(self) -> None:
        data = dataset(train=[("a", 0), ("b", 1)], test=[("c", 1)])
        text = splits_csv(data, {"a": 2**64 - 1, "c": 7})
        assert text == ("split,picture,pixels\ntrain,a,ffffffffffffffff\ntrain,b,\ntest,c,0000000000000007\n")
        assert members(apply_splits_csv(data, text)) == members(data)
        found = digests_in_splits_csv(text)
        assert {name: values.tolist() for name, values in found.items()} == {"train": [2**64 - 1], "test": [7]}
        assert not any(map(len, digests_in_splits_csv(splits_csv(data)).values()))

    def test_files_that_vanished(self, data: Dataset) -> None:
        text = splits_csv(cut_splits(data, 0.2, 0.2, 0))
        smaller = data.with_splits({UNSPLIT: data.split(UNSPLIT).without([3, 4])})
        with pytest.raises(UserError, match=r"2 images are gone \(.*0/3\.png.*\)"):
            apply_splits_csv(smaller, text)

    def test_files_that_are_new(self, data: Dataset) -> None:
        smaller = data.with_splits({UNSPLIT: data.split(UNSPLIT).without([7])})
        with pytest.raises(UserError, match=r"1 image is new \(1/2\.png\)"):
            apply_splits_csv(data, splits_csv(cut_splits(smaller, 0.2, 0.2, 0)))

    def test_splits_of_the_data_that_changed(self) -> None:
        before = dataset(train=[("a", 0), ("b", 1)], test=[("c", 0), ("d", 1)])
        after = dataset(train=[("a", 0), ("c", 0)], test=[("b", 1), ("d", 1)])
        with pytest.raises(UserError, match="has other splits now"):
            apply_splits_csv(after, splits_csv(before))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "name,file\n",
            "split,picture\ntrain\n",
            "split,picture\ntrian,0/1.png\n",
            "split,picture\ntrain,0/1.png\ntest,0/1.png\n",
            'split,picture\ntrain,"0/1.png\n',
            "split,picture,pixels\ntrain,0/1.png\n",
            "split,picture,pixels\ntrain,0/1.png,12\n",
            "split,picture,pixels\ntrain,0/1.png,000000000000000G\n",
            "split,picture,md5\ntrain,0/1.png,0000000000000000\n",
        ],
    )
    def test_damaged_text(self, data: Dataset, text: str) -> None:
        with pytest.raises(UserError, match="the stored splits are damaged"):
            apply_splits_csv(data, text)


def test_of_sixty_thousand_images_no_more_than_enough_are_held_back_for_validation() -> None:
    listed = [(f"train/{i:05d}", i % 10) for i in range(60_000)]
    cut = cut_splits(dataset(train=listed, test=listed[:10]), 0.1, 0.2, 0)
    assert len(cut.split("val")) == MAX_VALIDATION


def test_photos_are_cut(shared_data: Callable[[str], Path]) -> None:
    data = read_dataset(shared_data("sign_digits"))
    cut = cut_splits(data, 0.1, 0.2, 0)
    assert sum(len(split) for split in cut.splits.values()) == 1236
    assert all(22 <= count <= 27 for count in counts_by_class(cut.split("test").targets).values())
    for one, two in itertools.combinations(members(cut).values(), 2):
        assert not one & two
