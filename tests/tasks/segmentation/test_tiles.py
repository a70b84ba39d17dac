import re

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.tasks.choices import train_settings
from convsight.tasks.segmentation.tiles import ChosenTile, chosen_tile, refuse_tiles

LARGE, SMALL = np.array([[2000, 1500], [300, 200], [1800, 1800]]), np.array([[500, 375]] * 3)


def chosen(sizes: np.ndarray, **choices: object) -> ChosenTile | None:
    return chosen_tile(train_settings(data="x", task="segmentation", **choices), sizes)


def test_large_pictures_keep_their_scale() -> None:
    tile = chosen(LARGE)
    assert tile is not None
    assert tile[:2] == (256, 64)
    assert tile.why.endswith("pictures of 1800 x 1500 px would lose detail if shrunk; --tile 0 shrinks them")
    assert chosen(SMALL) is None


@pytest.mark.parametrize("choices", [{"tile": 0}, {"size": 320}, {"fit": "pad"}])
def test_unless_the_user_says_otherwise(choices: dict[str, object]) -> None:
    assert chosen(LARGE, **choices) is None


def test_tiles_are_as_the_user_says() -> None:
    assert (chosen(SMALL, tile=128) or ())[:2] == (128, 32)
    assert (chosen(SMALL, tile=128, overlap=0) or ())[:2] == (128, 0)
    assert (chosen(LARGE, overlap=100) or ())[:2] == (256, 100)


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (
            {"tile": 501},
            "--tile 501 is larger than every picture, the largest of which has 500 x 375 px; give",
        ),
        ({"tile": 16}, "--tile 16: give at least 32 px, or 0 for no tiles"),
        ({"tile": 128, "overlap": 65}, "--overlap 65: tiles of 128 px may share at most half, 64 px"),
        ({"tile": 128, "size": 64}, "--size 64 changes the scale of pictures, which --tile 128 keeps; give one"),
        ({"tile": 128, "fit": "pad"}, "--fit pad changes the scale of pictures"),
        ({"overlap": 16}, "--overlap 16 is of tiles, and there are none; give --tile 256 too"),
    ],
)
def test_what_contradicts_itself_is_refused(choices: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=re.escape(reason)):
        chosen(SMALL, **choices)


def test_volumes_have_no_tiles() -> None:
    refuse_tiles(train_settings(data="x", task="segmentation", tile=0))
    with pytest.raises(UserError, match="--tile 64 is of pictures, and these are volumes"):
        refuse_tiles(train_settings(data="x", task="segmentation", tile=64))
