import numpy as np
import pytest

from convsight.errors import UserError
from convsight.results import ClassMaps, Labels
from convsight.targets import Palette

NAMES = ("sky", "road", "car")


def maps(*rows: list[int]) -> ClassMaps:
    return ClassMaps([np.array([row], np.uint8) for row in rows], NAMES)


def palette() -> Palette:
    return Palette.of(NAMES)


def test_classes_that_no_mask_shows_are_told() -> None:
    notes = palette().check("streets", {"train": maps([0, 1]), "test": maps([0, 0])})
    assert notes == ["no mask shows car", "test holds no pixel of road"]
    untaught = palette().check("streets", {"train": maps([0, 1]), "test": maps([2, 2])})
    assert untaught == ["train holds no pixel of car, which cannot be learnt", "test holds no pixel of sky, road"]


def test_what_nobody_can_learn_from_is_refused() -> None:
    with pytest.raises(UserError, match="one class only: all pixels are 'road'"):
        palette().check("streets", {"train": maps([1, 255])})
    with pytest.raises(UserError, match="no pixel of any mask has a class"):
        palette().check("streets", {"train": maps([255, 255])})


def test_other_data_are_counted_as_the_network_counts() -> None:
    other = ClassMaps([np.array([[0, 1, 255]], np.uint8)], ("car", "sky"))
    found = palette().aligned("other", other)
    assert isinstance(found, ClassMaps)
    assert found[0].indices.tolist() == [[2, 0, 255]]
    with pytest.raises(UserError, match="tree"):
        palette().aligned("other", ClassMaps([np.array([[0, 1]], np.uint8)], ("car", "tree")))
    with pytest.raises(UserError, match="holds no classes of pixels"):
        palette().aligned("other", Labels(np.array([0]), NAMES))


def test_shares_are_those_of_the_training_pixels() -> None:
    fitted = palette().fitted(maps([0, 0, 0, 255], [1, 255, 255, 255]))
    assert fitted.shares == (0.75, 0.25, 0.0)
    assert fitted.pixels == {"sky": 750_000_000, "road": 250_000_000, "car": 0}
    assert fitted.unfitted() == palette()
    assert "shares" not in palette().model_dump()
    with pytest.raises(ValueError, match="as many shares"):
        Palette(names=("a",), colours=((0, 0, 0),), shares=(0.5, 0.5))


def test_arrays_are_masks() -> None:
    found = palette().of_array(np.array([[[0, 2], [255, 1]]]))
    assert found[0].indices.dtype == np.uint8
    assert found.counts() == {"sky": 1, "road": 1, "car": 1}
    many = Palette.of(tuple(f"class {number}" for number in range(300)))
    assert many.of_array(np.array([[[299, 65_535]]]))[0].indices.tolist() == [[299, 65_535]]
    with pytest.raises(UserError, match="masks hold"):
        palette().of_array(np.array([[[3]]]))
