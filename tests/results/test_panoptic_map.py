"""Maps of segments: what they tell, how they differ, and the colours of COCO's files."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.results.panoptic_map import PanopticMap, ids_to_rgb, rgb_to_ids
from convsight.results.result import InvalidOutputError

NAMES, THINGS = ("sky", "car"), (False, True)
IDS = np.array([[1, 1, 1, 1], [1, 70000, 70000, 0], [3, 3, 0, 0]])


def drawn(ids: Any = IDS, numbers: Any = (1, 70000, 3), labels: Any = (0, 1, 1), **more: Any) -> PanopticMap:
    return PanopticMap.of(NAMES, THINGS, ids, numbers, labels, **more)


def test_segments_are_told_the_largest_first() -> None:
    found = drawn(scores=[0.9, 0.8, 0.7])
    assert [segment.area for segment in found.segments] == [5, 2, 2]
    assert found.to_json()["segments"][1] == {"id": 70000, "name": "car", "score": 0.8, "thing": True, "area": 2}
    assert found.summary() == "sky, 2 car"
    assert drawn(0 * IDS, [], []).summary() == "nothing found"


def test_the_file_has_the_ids_as_colours() -> None:
    pixels = np.asarray(Image.open(io.BytesIO(drawn().files()["panoptic.png"])))
    assert rgb_to_ids(pixels).tolist() == IDS.tolist()
    assert ids_to_rgb(np.array([[70000]])).tolist() == [[[70000 % 256, 70000 // 256 % 256, 1]]]


def test_maps_differ_by_segments_without_a_partner() -> None:
    same = drawn(np.where(IDS == 3, 9, IDS), [9, 1, 70000], [1, 0, 1])  # ids and their order mean nothing
    assert drawn().difference(same) == (0.0, 1.0, 6)
    split = drawn(np.where(np.arange(12).reshape(3, 4) < 2, 5, IDS), [1, 5, 70000, 3], [0, 0, 1, 1])
    assert drawn().difference(split).same == pytest.approx(6 / 7)  # the larger part of the sky is still it
    halved = drawn(np.where(IDS == 70000, [[1, 70000, 3, 0]], IDS), [1, 70000, 3], [0, 1, 1])
    assert drawn().difference(halved).same == pytest.approx(4 / 6)
    assert drawn().difference(drawn(labels=(1, 1, 1))).same == pytest.approx(4 / 6)
    assert drawn().difference(drawn(scores=[1, 0.75, 1])).largest == 0.25


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"numbers": (1, 70000, 4)}, "each id of the map needs one row"),
        ({"numbers": (1, 70000), "labels": (0, 1)}, "each id of the map needs one row"),
        ({"ids": np.where(IDS == 3, 2**24, IDS), "numbers": (1, 70000, 2**24)}, "2\\^24 - 1"),
        ({"labels": (0, 1, 2)}, "class indices 0..2 outside 0..1"),
        ({"labels": (0, 1)}, "cannot reshape|labels of shape"),
        ({"ids": IDS[0]}, "ids are int32"),
    ],
)
def test_what_is_no_map_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        drawn(**changed)


def test_scores_are_numbers_from_0_to_1() -> None:
    with pytest.raises(InvalidOutputError, match="scores"):
        drawn(scores=[0.5, np.nan, 1])
    with pytest.raises(ValueError, match="need as many of things or not"):
        PanopticMap.of(NAMES, (True,), IDS, (1, 70000, 3), (0, 1, 1))
