from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.results import PanopticMap, PanopticMaps

NAMES, THINGS = ("sky", "car", "road"), (False, True, False)
IDS = np.array([[1, 1, 1, 1], [1, 70000, 70000, 0], [3, 3, 0, 0]])


def drawn(ids: Any = IDS, numbers: Any = (1, 70000, 3), labels: Any = (0, 1, 1), **more: Any) -> PanopticMap:
    return PanopticMap.of(NAMES, THINGS, ids, numbers, labels, **more)


def test_maps_are_made_when_asked_for_and_looked_at_once() -> None:
    made: list[int] = []

    def make() -> PanopticMap:
        made.append(1)
        return drawn(crowd=[False, False, True])

    maps = PanopticMaps([make], NAMES, THINGS)
    assert (len(maps), made) == (1, [])
    assert maps.counts() == {"sky": 1, "car": 1, "road": 0}
    assert maps.to_find() == 2
    assert maps.select(np.array([0, 0])).lines() == maps.lines() * 2
    assert maps.strata().tolist() == [0]
    assert made == [1]


def test_lines_tell_segments_apart_and_not_their_ids() -> None:
    def lines(found: PanopticMap) -> list[str]:
        return PanopticMaps([lambda: found], NAMES, THINGS).lines()

    whole = lines(drawn())
    assert lines(drawn(np.where(IDS == 3, 9, IDS), [9, 1, 70000], [1, 0, 1])) == whole
    assert lines(drawn(labels=(0, 1, 2))) != whole
    assert lines(drawn(crowd=[False, False, True])) != whole
    less = IDS.copy()
    less[2, 1] = 0
    assert lines(drawn(less)) != whole


def test_classes_by_name() -> None:
    maps = PanopticMaps([drawn], NAMES, THINGS).aligned(("fox", "road", "car", "sky"))
    assert maps.things == (False, False, True, False)
    found = maps[0]
    assert (found.classes, found.labels.tolist()) == (("fox", "road", "car", "sky"), [3, 2, 2])
    assert maps.counts() == {"fox": 0, "road": 0, "car": 1, "sky": 1}
    assert maps[0:1].lines() == PanopticMaps([drawn], NAMES, THINGS).lines()
    with pytest.raises(ValueError, match="lack some"):
        PanopticMaps([drawn], NAMES, THINGS).aligned(("sky",))[0]


def test_what_segments_tell() -> None:
    found = drawn(scores=[0.9, 0.8, 0.3])
    assert found.class_of_pixels(255).tolist() == [[0, 0, 0, 0], [0, 1, 1, 255], [1, 1, 255, 255]]
    things = found.instances()
    assert things.xyxy.tolist() == [[1, 1, 3, 2], [0, 2, 2, 3]]
    assert (things.labels.tolist(), things.scores.tolist(), things.areas.tolist()) == ([1, 1], [0.8, 0.3], [2, 2])
    sure = found.at_least(0.5)
    assert (sure.numbers.tolist(), sure.ids.tolist()[2]) == ([1, 70000], [0, 0, 0, 0])
    assert found.to_rows() == [("sky", 0.9, 1, 5), ("car", 0.8, 70000, 2), ("car", 0.3, 3, 2)]
    image = found.draw(Image.new("RGB", (8, 6), "white"))
    assert image.mode == "RGB"
    assert len(image.getcolors(10**6) or []) > 3
