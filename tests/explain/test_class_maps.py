"""Maps gathered by class: where they lie beside where the thing is, and what a mean map is of."""

import numpy as np
import pytest
from tests.explain.subjects import Computed, subject_of

from convsight.explain.class_maps import Gathered, Known, Places, cells_of, names_of, place_of, some_of
from convsight.explain.explain import map_of
from convsight.explain.method import MethodOptions, make_method
from convsight.results import Boxes, ClassMap, Label

BOXES = Boxes.of(("cat", "dog"), (10, 8), [(0, 0, 5, 4), (5, 4, 10, 8)], [0, 1])


def test_mass_inside_a_box_and_the_share_by_chance() -> None:
    map_ = np.zeros((8, 10))
    map_[1, 1], map_[6, 6], map_[0, 9] = 3.0, 1.0, -5.0  # what speaks against counts nothing
    place = place_of(map_, BOXES, "cat")
    assert place is not None
    assert (place.mass, place.hit, place.area) == (0.75, True, 0.25)
    other = place_of(map_, BOXES, "dog")
    assert other is not None
    assert (other.mass, other.hit) == (0.25, False)


def test_a_class_that_the_places_do_not_know_is_any_of_theirs() -> None:
    map_ = np.ones((8, 10))
    place = place_of(map_, BOXES, "a bird")
    assert place is not None
    assert place.mass == pytest.approx(0.5)
    assert place.area == 0.5


def test_what_the_network_did_not_see_counts_for_nothing() -> None:
    map_ = np.ones((8, 10))
    map_[:, 5:] = np.nan  # cut off
    place = place_of(map_, BOXES, "cat")
    assert place is not None
    assert place.area == 0.5
    assert place.mass == 0.5
    assert place_of(np.zeros((8, 10)), BOXES, "cat") is None
    assert place_of(np.ones((9, 10)), BOXES, "cat") is None  # of another picture


def test_masks_and_labels_name_their_classes() -> None:
    map_ = ClassMap(("sky", "road"), ((0, 0, 0), (9, 9, 9)), np.array([[0, 1], [255, 1]], np.uint8))
    assert names_of(map_) == {"sky", "road"}
    assert map_.region("road").tolist() == [[False, True], [False, True]]
    assert names_of(Label.certain(1, ("cat", "dog"))) == {"dog"}
    assert names_of(BOXES) == {"cat", "dog"}


def test_means_of_places_have_intervals() -> None:
    found = Places([*[place for place in (place_of(np.ones((8, 10)), BOXES, "cat"),) if place]] * 4).measured()
    assert found["mass"].value == found["mass"].low == found["area"].value == 0.25
    assert found["hits"].value == 1.0


def test_each_map_counts_alike_in_the_mean() -> None:
    strong, weak = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8)
    strong[:2, :2], weak[14:, 14:] = 255, 20
    gathered = Gathered()
    engine = Computed(lambda batch: batch.sum(axis=(1, 2, 3)) / 1e3)
    for number, array in enumerate((strong, weak)):
        subject = subject_of(array, engine)
        method = make_method("occlusion", MethodOptions(window=2, stride=2))
        known = Known(str(number), array, frozenset(), frozenset())
        gathered.take(known, "x", subject, map_of(subject, "occlusion", method))
    assert gathered.map is not None
    assert gathered.map[:2, :2].sum() == pytest.approx(gathered.map[14:, 14:].sum())
    assert gathered.map.sum() == pytest.approx(1.0)
    assert [each.name for each in gathered.examples] == ["0", "1"]  # the surest first


def test_cells_are_means_and_choices_are_spread() -> None:
    assert cells_of(np.arange(16.0).reshape(4, 4), (2, 2)).tolist() == [[2.5, 4.5], [10.5, 12.5]]
    known = [Known(str(number), "", frozenset(), frozenset()) for number in range(5)]
    assert [each.name for each in some_of(known, 3)] == ["0", "2", "4"]
    assert some_of([], 3) == []
