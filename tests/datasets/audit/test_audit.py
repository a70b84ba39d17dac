"""Each fault is planted alone into a clean set, and found by name; nothing else is."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from PIL import Image
from tests.datasets.audit.findings import MakeImage, audited, names, only

from convsight.datasets import read_dataset
from convsight.datasets.audit import Audit, audit
from convsight.datasets.audit.sizes import Sizes
from convsight.progress import Silent

ORIENTATION = 0x0112


@pytest.mark.parametrize("workers", [0, 3])
def test_a_clean_set(clean: Path, workers: int) -> None:
    found = audited(clean, workers)
    assert found.findings == ()
    assert found.notes == ()
    assert not found.wrong
    assert found.images == 50
    assert found.counts == {"train": {"cat": 20, "dog": 20}, "test": {"cat": 5, "dog": 5}}
    assert found.sizes == Sizes((48, 48), (48, 48), (48, 48), 1)


def test_unreadable(clean: Path) -> None:
    (clean / "train" / "cat" / "empty.png").touch()
    whole = (clean / "test" / "dog" / "0.png").read_bytes()
    (clean / "test" / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    found = audited(clean, workers=2)
    assert found.wrong
    finding = only(found)
    assert (finding.kind, finding.level) == ("unreadable", "wrong")
    assert finding.words == "2 images cannot be read"
    assert names(finding) == [["train/cat/empty.png"], ["test/dog/cut.png"]]
    assert "0 bytes" in finding.entries[0].note
    assert "damaged" in finding.entries[1].note


def test_too_many_megapixels_are_unreadable(clean: Path) -> None:
    found = audit(read_dataset(clean), Silent(), max_megapixels=0.001)
    assert [finding.kind for finding in found.findings] == ["unreadable"]
    assert found.sizes is None


def test_contradictions(clean: Path) -> None:
    copy(clean / "train" / "cat" / "3.png", clean / "train" / "dog" / "other.png")
    found = audited(clean)
    finding = only(found)
    assert found.wrong
    assert (finding.kind, finding.level) == ("contradictions", "wrong")
    assert names(finding) == [["train/cat/3.png", "train/dog/other.png"]]
    assert finding.entries[0].note == "as cat and dog"


def test_leaks(clean: Path) -> None:
    copy(clean / "train" / "cat" / "3.png", clean / "test" / "cat" / "other.png")
    found = audited(clean)
    finding = only(found)
    assert found.wrong
    assert (finding.kind, finding.level) == ("leaks", "wrong")
    assert names(finding) == [["train/cat/3.png", "test/cat/other.png"]]
    assert [image.split for image in finding.entries[0].images] == ["train", "test"]


def test_a_leak_with_another_target_is_both(clean: Path) -> None:
    copy(clean / "train" / "cat" / "3.png", clean / "test" / "dog" / "other.png")
    assert [finding.kind for finding in audited(clean).findings] == ["contradictions", "leaks"]


def test_duplicates_however_they_are_stored(clean: Path) -> None:
    folder = clean / "train" / "cat"
    with Image.open(folder / "3.png") as original:
        original.load()
    original.save(folder / "again.bmp")
    orientation = Image.Exif()
    orientation[ORIENTATION] = 6  # to be turned a quarter clockwise
    original.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png", exif=orientation)
    found = audited(clean)
    finding = only(found)
    assert not found.wrong
    assert (finding.kind, finding.level) == ("duplicates", "remark")
    assert sorted(names(finding)[0]) == ["train/cat/3.png", "train/cat/again.bmp", "train/cat/turned.png"]
    assert "2 could go" in finding.words
    assert "cut into splits" not in finding.words


def test_duplicates_that_a_cut_may_part(clean: Path) -> None:
    copy(clean / "train" / "cat" / "3.png", clean / "train" / "cat" / "again.png")
    assert "cut into splits may part them" in only(audited(clean / "train")).words


def test_equal_bytes_of_another_shape_are_no_duplicates(clean: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(noise).save(clean / "train" / "cat" / "lying.png")
    Image.fromarray(noise.reshape(60, 40, 3)).save(clean / "train" / "cat" / "standing.png")
    assert audited(clean).findings == ()


def recompressed(image: Image.Image, folder: Path) -> None:
    image.save(folder / "near.jpg", quality=70)


def halved(image: Image.Image, folder: Path) -> None:
    image.resize((36, 36), Image.Resampling.BILINEAR).save(folder / "near.jpg", quality=95)


@pytest.mark.parametrize("alter", [recompressed, halved])
def test_lookalikes(clean: Path, alter: Callable[[Image.Image, Path], None]) -> None:
    with Image.open(clean / "train" / "cat" / "3.png") as original:
        alter(original, clean / "train" / "cat")
    found = audited(clean)
    finding = only(found)
    assert not found.wrong
    assert (finding.kind, finding.level) == ("lookalikes", "suspicion")
    assert names(finding) == [["train/cat/3.png", "train/cat/near.jpg"]]


def test_lookalikes_across_splits_and_targets(clean: Path) -> None:
    with Image.open(clean / "train" / "cat" / "3.png") as original:
        recompressed(original, clean / "test" / "dog")
    finding = only(audited(clean))
    assert (finding.kind, finding.level) == ("lookalike-leaks", "suspicion")
    assert names(finding) == [["train/cat/3.png", "test/dog/near.jpg"]]
    assert finding.entries[0].note == "as cat and dog"


def test_tiny_images_are_compared_exactly_only(clean: Path, image: MakeImage) -> None:
    tiny = image(1000, side=31)
    for number, quality in enumerate((95, 70)):
        tiny.save(clean / "train" / "cat" / f"tiny{number}.jpg", quality=quality)
    found = audited(clean)
    assert found.findings == ()
    assert len(found.notes) == 1
    assert "2 images under 32 px a side: compared exactly only" in found.notes[0]


def test_missing_classes(clean: Path) -> None:
    (clean / "test" / "dog").rename(clean / "dogs")
    found = audited(clean)
    assert not found.wrong
    finding = only(found)
    assert (finding.kind, finding.level) == ("missing-classes", "remark")
    assert [entry.note for entry in finding.entries] == ["test: dog"]


def test_few_images(clean: Path) -> None:
    (clean / "train" / "cat" / "0.png").unlink()
    finding = only(audited(clean))
    assert (finding.kind, finding.level) == ("few-pictures", "remark")
    assert [entry.note for entry in finding.entries] == ["cat: 19"]
    assert finding.words == "1 class with fewer than 20 images"


def test_drift(clean: Path, image: MakeImage) -> None:
    for number in range(5, 40):
        image(2000 + number).save(clean / "test" / "dog" / f"{number}.png")
    found = audited(clean)
    finding = only(found)
    assert not found.wrong
    assert (finding.kind, finding.level) == ("drift", "suspicion")
    assert len(finding.entries) == 1
    assert finding.entries[0].note.startswith("train and test: cat is 50.0% and 11.1% of the images")


def test_small_images(clean: Path, image: MakeImage) -> None:
    image(1000, side=32).save(clean / "train" / "cat" / "small.png")
    for number, file in enumerate(sorted(clean.rglob("?.png"))):
        image(3000 + number, side=65).save(file)
    for number, file in enumerate(sorted(clean.rglob("1?.png"))):
        image(4000 + number, side=65).save(file)
    found = audited(clean)
    finding = only(found)
    assert (finding.kind, finding.level) == ("small", "remark")
    assert names(finding) == [["train/cat/small.png"]]
    assert finding.entries[0].note == "32 x 32"
    assert found.sizes == Sizes((32, 32), (65, 65), (65, 65), 2)


def test_grey_among_colour(clean: Path, image: MakeImage) -> None:
    image(1000).convert("L").save(clean / "train" / "cat" / "grey.png")
    finding = only(audited(clean))
    assert (finding.kind, finding.level) == ("mixed-colour", "remark")
    assert finding.words == "1 image grey among colour ones"
    assert names(finding) == [["train/cat/grey.png"]]


def test_colour_among_grey(clean: Path) -> None:
    for file in clean.rglob("*.png"):
        with Image.open(file) as original:
            grey = original.convert("L")
        if file != clean / "train" / "cat" / "7.png":
            grey.save(file)
    finding = only(audited(clean))
    assert finding.words == "1 image in colour among grey"
    assert names(finding) == [["train/cat/7.png"]]


def test_uniform_images_are_no_lookalikes(clean: Path) -> None:
    Image.new("RGB", (48, 48), (9, 30, 99)).save(clean / "train" / "cat" / "blue.png")
    Image.new("RGB", (50, 48), (99, 30, 9)).save(clean / "train" / "cat" / "red.png")
    finding = only(audited(clean))
    assert (finding.kind, finding.level) == ("uniform", "remark")
    assert names(finding) == [["train/cat/blue.png"], ["train/cat/red.png"]]


def test_real_x_rays_leak(shared_data: Callable[[str], Path]) -> None:
    file = shared_data("pneumoniamnist") / "pneumoniamnist_rebuilt.npz"
    findings = {finding.kind: finding for finding in audited(file, workers=2).findings}
    with np.load(file) as arrays:
        images = {name: arrays[f"{name}_images"] for name in ("train", "val", "test")}
    found: dict[bytes, list[str]] = {}
    for split, each in images.items():
        for number, pixels in enumerate(each):
            found.setdefault(pixels.tobytes(), []).append(f"{split}/{number:05d}")
    expected = [group for group in found.values() if len({name[:3] for name in group}) > 1]
    assert names(findings["leaks"]) == expected
    assert len(expected) == 8


def test_real_photos(shared_data: Callable[[str], Path]) -> None:
    found = audited(shared_data("sign_digits") / "Dataset", workers=2)
    assert not found.wrong
    # Different photos that look alike: few enough to look through.
    assert sum(len(group) for group in names(only(found))) < 20


def deep(folder: Path, most: int) -> None:
    """The images of `folder` once more, as 16-bit files of values up to `most`."""
    for file in sorted(folder.rglob("*.png")):
        with Image.open(file) as image:
            levels = np.asarray(image.convert("L")).astype(np.uint32)
        levels[0, 0] = 255
        Image.fromarray((levels * most // 255).astype(np.uint16)).save(file)


def test_few_bits_of_a_deep_type(clean: Path) -> None:
    deep(clean, 1000)
    found = audited(clean)
    assert not found.wrong
    finding = only(found)
    assert (finding.kind, finding.level, len(finding.entries)) == ("few-bits", "remark", 50)
    assert finding.words.endswith("to 1,000 only: a training takes 0 to 1,023 for black to white")
    assert finding.entries[0].note.endswith(" to 1,000")


def test_all_bits_of_a_deep_type(clean: Path) -> None:
    deep(clean, 65_535)
    assert audited(clean).findings == ()


def test_images_that_are_not_whole(clean: Path) -> None:
    for name, cut in (("a", 2), ("b", 0)):
        place = clean / "train" / "cat" / f"{name}.png"
        Image.effect_noise((48, 48), 90).save(place, "JPEG")
        place.write_bytes(place.read_bytes()[: -cut or None])
    found = audited(clean)
    assert not found.wrong
    finding = next(each for each in found.findings if each.kind == "damaged")
    assert names(finding) == [["train/cat/a.png"]]
    assert finding.entries[0].note == "its end marker is missing; all of its pixels are there"


def test_a_placeholder_among_photos(clean: Path) -> None:
    plain = Image.new("RGB", (64, 48), (204, 204, 204))
    plain.paste((90, 90, 90), (12, 20, 52, 30))
    plain.save(clean / "train" / "cat" / "missing.jpg", quality=80)
    finding = next(found for found in audited(clean).findings if found.kind == "placeholders")
    assert finding.level == "suspicion"
    assert names(finding) == [["train/cat/missing.jpg"]]
    assert finding.words == "1 image far plainer than others of their class: placeholders, perhaps"
    assert "% of it has one brightness" in finding.entries[0].note


def test_where_a_class_stands_before_a_plain_ground_nothing_is_a_placeholder(clean: Path) -> None:
    for file in (clean / "train" / "cat").iterdir():
        with Image.open(file) as image:
            thing = image.resize((22, 22))
        plain = Image.new("RGB", (48, 48), "white")
        plain.paste(thing, (10, 10))
        plain.save(file)
    kinds = [found.kind for found in audited(clean).findings]
    assert "placeholders" not in kinds
    assert "placeholders" in [found.kind for found in _with_one_cat_among_dogs(clean).findings]


def _with_one_cat_among_dogs(clean: Path) -> Audit:
    copy(clean / "train" / "cat" / "0.png", clean / "train" / "dog" / "cat.png")
    (clean / "train" / "cat" / "0.png").unlink()
    return audited(clean)


def test_photos_are_no_placeholders(shared_data: Callable[[str], Path]) -> None:
    assert "placeholders" not in [found.kind for found in audited(shared_data("cats_dogs"), workers=2).findings]
