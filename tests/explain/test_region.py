"""Regions of what a network sees: found on maps, covered, pasted, and others of their size."""

import numpy as np
import pytest

from convsight.explain.region import Region, candidate_regions, elsewhere


def test_covering_takes_the_mean_colour_around() -> None:
    picture = np.full((8, 8, 3), 10, np.uint8)
    picture[:, 4:] = 30
    picture[2:4, 2:4] = 255
    covered = Region(2, 2, 2, 2).covered(picture)
    # Around lie 6 x 6 less 2 x 2 pixels, of which 12 are 30 and the others 10.
    assert covered[2:4, 2:4].tolist() == [[[18] * 3] * 2] * 2
    assert (covered != picture).any(axis=2).sum() == 4
    assert picture[2, 2, 0] == 255  # the picture stays as it is


def test_pasting_takes_the_same_place() -> None:
    onto, source = np.zeros((4, 6, 1), np.float32), np.arange(24, dtype=np.float32).reshape(4, 6, 1)
    found = Region(3, 1, 2, 2).pasted(onto, source)
    assert found[1:3, 3:5, 0].tolist() == [[9, 10], [15, 16]]
    assert found.sum() == 50


def test_regions_of_a_map_are_in_pixels_the_heaviest_first() -> None:
    map_ = np.zeros((10, 20))
    map_[1, 1] = 1.0
    map_[7:9, 15:17] = 0.8
    map_[5, 5] = 0.49  # less than half of the largest
    assert candidate_regions(map_, (20, 40)) == [Region(30, 14, 4, 4), Region(2, 2, 2, 2)]


def test_what_is_no_part_of_a_picture_is_no_region() -> None:
    assert candidate_regions(np.ones((4, 4)), (16, 16)) == []
    assert candidate_regions(np.zeros((4, 4)), (16, 16)) == []
    assert candidate_regions(-np.ones((4, 4)), (16, 16)) == []


@pytest.mark.parametrize("region", [Region(0, 0, 5, 7), Region(20, 11, 5, 7), Region(3, 9, 9, 9)])
def test_regions_elsewhere_are_of_the_same_size_and_share_nothing(region: Region) -> None:
    found = elsewhere(region, (24, 32))
    assert 3 <= len(found) <= 8
    for each in found:
        assert (each.width, each.height) == (region.width, region.height)
        assert not each.overlaps(region)
        assert 0 <= each.left <= 32 - each.width
        assert 0 <= each.top <= 24 - each.height
