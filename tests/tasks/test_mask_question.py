"""The score of a thing's pixels in a network's answer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.inputs import ImageInput
from convsight.results.masks import Mask
from convsight.tasks.mask_question import MaskedThing, MaskQuestion, mask_question, overlap
from convsight.tasks.question import NothingThereError

SPEC = ImageInput(height=8, width=8, fit="squash", mean=(0.0,) * 3, std=(1.0,) * 3)
READ: list[tuple[int, int]] = []


def columns(first: int, last: int, size: tuple[int, int] = (8, 8)) -> Mask:
    """All rows of some columns, whose numbers are those of a picture 8 px wide."""
    flags = np.zeros(size[::-1], np.bool_)
    flags[:, first * size[0] // 8 : last * size[0] // 8] = True
    return Mask.of(flags)


def things(arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> list[MaskedThing]:
    """Each row of the array is a thing: class, score, first and last column."""
    READ.append(size)
    rows = arrays["rows"].tolist()
    return [MaskedThing(int(label), score, 0.5, columns(int(a), int(b), size)) for label, score, a, b in rows]


ROWS = np.array([[0, 0.9, 0, 4], [1, 0.8, 4, 8], [0, 0.4, 4, 6]])


def asked(wanted: str | None, size: tuple[int, int] = (8, 8)) -> MaskQuestion:
    return mask_question(things, {"rows": ROWS}, SPEC, size, ("cell", "seed"), wanted)


def test_overlap_is_shared_pixels_over_all() -> None:
    assert overlap(columns(0, 4), columns(2, 8)) == pytest.approx(2 / 8)
    assert overlap(Mask.of(np.zeros((2, 2))), Mask.of(np.zeros((2, 2)))) == 0


def test_a_thing_scores_what_was_told_of_it() -> None:
    assert asked("seed").score({"rows": ROWS[None]}).tolist() == [0.8]
    assert asked(None).words == "cell #1"
    assert asked("#2").words == "seed #2"


def test_it_scores_less_where_its_pixels_or_its_class_are_others() -> None:
    question = asked("#1")
    batch = np.array([[[0, 0.9, 2, 6]], [[1, 0.9, 0, 4]], [[0, 0.5, 0, 4]]])
    assert question.score({"rows": batch}).tolist() == pytest.approx([0.9 / 3, 0, 0.5])
    assert question.score({"rows": np.zeros((2, 0, 4))}).tolist() == [0, 0]


def test_large_originals_are_read_at_about_the_size_that_the_network_sees() -> None:
    question = asked("#1", (80, 40))
    assert question.size == (16, 8)
    READ.clear()
    assert question.score({"rows": ROWS[None]}).tolist() == pytest.approx([0.9])
    assert READ == [(16, 8)]


def test_its_region_and_box_are_where_the_network_sees_it() -> None:
    question = asked("#2", (80, 40))
    assert question.region[:, 4:].all()
    assert not question.region[:, :4].any()
    assert question.box == (0.5, 0.0, 1.0, 1.0)


def test_a_thing_without_a_pixel_cannot_be_asked_about() -> None:
    rows = {"rows": np.array([[0, 0.9, 3, 3]])}
    with pytest.raises(NothingThereError, match="cell #1 has no pixel of its own"):
        mask_question(things, rows, SPEC, (8, 8), ("cell", "seed"), None)
