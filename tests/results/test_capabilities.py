"""What a kind of result can do is seen by its methods, and what it lacks is said by name."""

from typing import Any

import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.results import (
    Boxes,
    Difference,
    Drawable,
    ForSupervision,
    Label,
    Result,
    Tabular,
    Thresholded,
    WithFiles,
    require,
)

ALL = (Thresholded, Drawable, Tabular, WithFiles, ForSupervision)


class Bare(Result):
    """A result that can do only what every one can."""

    def to_json(self) -> dict[str, Any]:
        return {}

    def summary(self) -> str:
        return "bare"

    def difference(self, other: "Bare") -> Difference:
        return Difference(0.0, 1.0)


class Mask(Bare):
    """One that can be drawn, and has a file."""

    def draw(self, image: Image.Image) -> Image.Image:
        return image

    def files(self) -> dict[str, bytes]:
        return {"mask.png": b""}


def able(result: type[Result], capability: type) -> bool:
    try:
        require(result, capability, "--option", "kind")
    except UserError:
        return False
    return True


@pytest.mark.parametrize(
    ("result", "capabilities"),
    [
        (Bare, set()),
        (Mask, {Drawable, WithFiles}),
        (Label, {Thresholded, Drawable, Tabular, ForSupervision}),
        (Boxes, {Thresholded, Drawable, Tabular, WithFiles, ForSupervision}),
    ],
)
def test_a_capability_is_its_methods(result: type[Result], capabilities: set[type]) -> None:
    assert {capability for capability in ALL if able(result, capability)} == capabilities


def test_what_is_missing_is_said_with_the_option_and_the_task() -> None:
    with pytest.raises(UserError) as raised:
        require(Bare, Thresholded, "--reject-below", "regression")
    assert str(raised.value) == (
        "--reject-below: predictions of regression have no confidence that could be compared; leave it out"
    )
