"""The audit of data with boxes."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from PIL import Image
from scipy.stats import fisher_exact
from tests.datasets.audit.findings import MakeImage, audited, names, only

from convsight.datasets.audit import Audit
from convsight.datasets.audit.balance import fisher_p

PLAIN = ("cat,1,2,20,30", "dog,5,5,40,40")


@pytest.fixture
def boxes(tmp_path: Path, image: MakeImage) -> Callable[..., Path]:
    """A clean table of 20 training and 10 test images with a cat and a dog each, and what is planted in it."""

    def make(*planted: str, per_split: Callable[[str], tuple[str, ...]] = lambda split: PLAIN) -> Path:
        rows = []
        for number in range(30):
            split = "train" if number < 20 else "test"
            image(number).save(tmp_path / f"{number}.png")
            rows += [f"{number}.png,{split},{box}" for box in per_split(split)]
        table = tmp_path / "boxes.csv"
        table.write_text("\n".join(["file,split,label,xmin,ymin,xmax,ymax", *rows, *planted, ""]))
        return table

    return make


def found(audit: Audit) -> list[str]:
    return [finding.kind for finding in audit.findings]


def test_a_clean_set(boxes: Callable[..., Path]) -> None:
    audit = audited(boxes())
    assert found(audit) == []
    assert audit.counts == {"train": {"cat": 20, "dog": 20}, "test": {"cat": 10, "dog": 10}}
    assert audit.splits == {"train": 20, "test": 10}


@pytest.mark.parametrize(
    ("box", "kind", "level"),
    [
        ("cat,9,9,9,12", "empty-boxes", "suspicion"),
        ("cat,50,9,60,12", "boxes-outside", "suspicion"),
        ("cat,30,9,60,12", "boxes-over-the-edge", "suspicion"),
        ("cat,30,9,20,22", "swapped-corners", "suspicion"),
        ("dog,5,5,40,40", "repeated-boxes", "suspicion"),
        ("dog,5,5,5.2,40", "tiny-boxes", "remark"),
    ],
)
def test_a_planted_box(boxes: Callable[..., Path], box: str, kind: str, level: str) -> None:
    finding = only(audited(boxes(f"3.png,train,{box}")))
    assert (finding.kind, finding.level) == (kind, level)
    assert names(finding) == [["3.png"]]
    assert "line 62: " in finding.entries[0].note


def test_one_class(boxes: Callable[..., Path]) -> None:
    assert only(audited(boxes(per_split=lambda split: ("cat,1,2,20,30",)))).kind == "one-class"


def test_an_image_of_another_size_is_wrong(tmp_path: Path, image: MakeImage) -> None:
    for number in range(2):
        image(number).save(tmp_path / f"{number}.png")
    (tmp_path / "boxes.csv").write_text(
        "file,label,xmin,ymin,xmax,ymax,width,height\n0.png,cat,1,2,30,40,48,48\n1.png,dog,1,2,30,40,96,96\n"
    )
    audit = audited(tmp_path / "boxes.csv")
    assert "other-size" in found(audit)
    assert audit.wrong


@pytest.mark.parametrize(
    ("cat", "dog", "kind", "level"),
    [
        ("cat,1,2,20,30", "dog,5,5,40,41", "close-targets", "suspicion"),
        ("cat,2,3,20,29", "dog,5,5,38,38", "close-targets", "suspicion"),  # overlaps of 0.86 and 0.89
        ("cat,12,2,31,30", "dog,5,5,40,40", "contradictions", "wrong"),  # elsewhere
        ("dog,1,2,20,30", "dog,5,5,40,40", "contradictions", "wrong"),  # of another class
    ],
)
def test_equal_images_with_other_boxes(
    boxes: Callable[..., Path], tmp_path: Path, cat: str, dog: str, kind: str, level: str
) -> None:
    table = boxes(f"extra.png,train,{cat}", f"extra.png,train,{dog}")
    copy(tmp_path / "3.png", tmp_path / "extra.png")
    finding = only(audited(table))
    assert (finding.kind, finding.level, names(finding)) == (kind, level, [["3.png", "extra.png"]])


def test_equal_images_with_a_box_more_contradict(boxes: Callable[..., Path], tmp_path: Path) -> None:
    table = boxes("extra.png,train,cat,1,2,20,30")
    copy(tmp_path / "3.png", tmp_path / "extra.png")
    assert only(audited(table)).kind == "contradictions"


def test_an_unreadable_image(boxes: Callable[..., Path], tmp_path: Path) -> None:
    table = boxes()
    (tmp_path / "25.png").write_bytes(Image.new("RGB", (4, 4)).tobytes())
    unreadable, lost = audited(table).findings
    assert (unreadable.kind, lost.kind) == ("unreadable", "boxes-without-picture")
    assert [entry.note for entry in lost.entries] == ["line 52: cat (1, 2, 20, 30)", "line 53: dog (5, 5, 40, 40)"]


def test_splits_with_other_things_on_them_drift(boxes: Callable[..., Path]) -> None:
    """Every test image shows a dog, no training image but one does; cats are on all."""
    table = boxes("0.png,train,dog,5,5,40,40", per_split=lambda split: PLAIN if split == "test" else PLAIN[:1])
    audit = audited(table)
    assert found(audit) == ["few-pictures", "drift"]
    assert audit.findings[1].entries[0].note.startswith("train and test: dog is 5.0% and 100.0% of the images (p 0.000")


def test_blood_cells(shared_data: Callable[[str], Path]) -> None:
    """Their splits were cut by chance, so their classes do not drift; two boxes are empty."""
    assert only(audited(shared_data("bccd"), workers=2)).kind == "empty-boxes"


@pytest.mark.parametrize(
    ("shown", "images"), [((8, 1), (10, 6)), ((5, 5), (10, 10)), ((0, 40), (205, 87)), ((3, 0), (3, 9))]
)
def test_the_p_is_that_of_scipy(shown: tuple[int, int], images: tuple[int, int]) -> None:
    one, other = (np.array(each) for each in (shown, images))
    expected = fisher_exact([shown, (other - one).tolist()]).pvalue
    assert fisher_p(one, other) == pytest.approx(expected, rel=1e-9)
