"""HOTA, CLEAR and identity against TrackEval's numbers, against `trackers`, and against cases worked by hand."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest
import trackers.eval
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracking.scenes import Row, crowd

from convsight.tracking import MotTable, judge
from convsight.tracking.video_similarity import video_similarity

# By TrackEval 1.3.0 (HOTA, CLEAR and Identity on the overlaps of `crowd(seed)`).
TRACKEVAL = {
    0: {
        "HOTA": 0.440766215984,
        "DetA": 0.429994132894,
        "AssA": 0.521804987056,
        "LocA": 0.781199084387,
        "MOTA": 0.080459770115,
        "MOTP": 0.757105486279,
        "IDF1": 0.449197860963,
        "IDP": 0.42,
        "IDR": 0.48275862069,
        "switches": 13,
        "fragmentations": 16,
        "missed": 27,
        "false": 40,
    },
    1: {
        "HOTA": 0.453282630966,
        "DetA": 0.481794675188,
        "AssA": 0.501327027709,
        "LocA": 0.786752026569,
        "MOTA": 0.25,
        "MOTP": 0.746138272768,
        "IDF1": 0.465517241379,
        "IDP": 0.45,
        "IDR": 0.482142857143,
        "switches": 12,
        "fragmentations": 10,
        "missed": 13,
        "false": 17,
    },
    2: {
        "HOTA": 0.529417544486,
        "DetA": 0.481634937646,
        "AssA": 0.662752413551,
        "LocA": 0.792004788159,
        "MOTA": 0.210526315789,
        "MOTP": 0.759111924102,
        "IDF1": 0.532258064516,
        "IDP": 0.492537313433,
        "IDR": 0.578947368421,
        "switches": 7,
        "fragmentations": 10,
        "missed": 14,
        "false": 24,
    },
}


# By TrackEval 1.3.0 from files, read and prepared as MOT17: `with_distractors(seed)`.
TRACKEVAL_MOT17 = {
    0: {
        "HOTA": 0.472680590466,
        "DetA": 0.395438937962,
        "AssA": 0.618777507267,
        "LocA": 0.804060076628,
        "MOTA": -0.071428571429,
        "MOTP": 0.776109917696,
        "IDF1": 0.457142857143,
        "IDP": 0.380952380952,
        "IDR": 0.571428571429,
        "switches": 8,
        "fragmentations": 8,
        "missed": 12,
        "false": 40,
    },
    1: {
        "HOTA": 0.497623058655,
        "DetA": 0.426429155595,
        "AssA": 0.64177330074,
        "LocA": 0.80114722714,
        "MOTA": 0.135135135135,
        "MOTP": 0.767319078661,
        "IDF1": 0.518518518519,
        "IDP": 0.477272727273,
        "IDR": 0.567567567568,
        "switches": 5,
        "fragmentations": 6,
        "missed": 10,
        "false": 17,
    },
    2: {
        "HOTA": 0.561805704638,
        "DetA": 0.441272886573,
        "AssA": 0.753048714158,
        "LocA": 0.83162770269,
        "MOTA": 0.128205128205,
        "MOTP": 0.804887517665,
        "IDF1": 0.547368421053,
        "IDP": 0.464285714286,
        "IDR": 0.666666666667,
        "switches": 3,
        "fragmentations": 5,
        "missed": 7,
        "false": 24,
    },
}


def line(frame: int, number: int, left: float = 0, score: float = 1, kind: int = -1) -> Row:
    """A box of 10 x 10 px."""
    return (frame, number, left, 0, 10, 10, score, kind, -1)


def table(*rows: Row) -> MotTable:
    return MotTable.of_rows(rows)


def numbers(truth: MotTable, found: MotTable) -> dict[str, float | int]:
    return judge(truth, found).to_json()


def with_distractors(seed: int) -> tuple[MotTable, MotTable]:
    """A crowd whose even truths are MOT17's static persons (class 7, flag 0), each track a pedestrian's (class 1)."""
    truth, found = crowd(seed, room=15)
    needed = truth.ids % 2 == 1
    truth = _changed(truth, scores=lambda _: needed.astype(np.float64), classes=lambda _: np.where(needed, 1, 7))
    return truth, _changed(found, classes=np.ones_like)


TRUTH = table(*(line(frame, 1) for frame in range(1, 11)))


@pytest.mark.parametrize("seed", TRACKEVAL)
def test_numbers_are_those_of_trackeval(seed: int) -> None:
    assert numbers(*crowd(seed)) == pytest.approx(TRACKEVAL[seed], abs=1e-11)


@pytest.mark.parametrize("seed", TRACKEVAL_MOT17)
def test_numbers_with_distractors_are_those_of_trackeval(seed: int) -> None:
    assert numbers(*with_distractors(seed)) == pytest.approx(TRACKEVAL_MOT17[seed], abs=1e-11)


@pytest.mark.parametrize("seed", range(3, 30))
def test_numbers_are_those_of_trackers(seed: int) -> None:
    truth, found = crowd(seed, empty_frames=seed % 2 == 0, room=5 if seed % 4 < 2 else 40)
    video = video_similarity(truth, found)
    given = ([f.truths for f in video.frames], [f.found for f in video.frames], [f.similarity for f in video.frames])
    hota, clear = trackers.eval.compute_hota_metrics(*given), trackers.eval.compute_clear_metrics(*given)
    expected = {name: hota[name] for name in ("HOTA", "DetA", "AssA", "LocA")}
    expected |= {"MOTA": clear["MOTA"], "MOTP": clear["MOTP"], "switches": clear["IDSW"]}
    expected |= {"missed": clear["CLR_FN"], "false": clear["CLR_FP"]}
    identity = trackers.eval.compute_identity_metrics(*given)
    expected |= {name: identity[name] for name in ("IDF1", "IDP", "IDR")}
    if seed % 2:  # frames on which nothing was found are counted otherwise, see `clear`
        expected["fragmentations"] = clear["Frag"]
    ours = numbers(truth, found)
    assert {name: ours[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_perfect() -> None:
    found = numbers(TRUTH, table(*(line(frame, 7) for frame in range(1, 11))))
    shares = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDP", "IDR")
    assert found == dict.fromkeys(shares, 1.0) | {"switches": 0, "fragmentations": 0, "missed": 0, "false": 0}


def test_a_switch_halfway() -> None:
    # Each box meets its truth on 5 frames of 10 (the truth's) + 5 (the track's) - 5.
    found = numbers(TRUTH, table(*(line(frame, 7 + (frame > 5)) for frame in range(1, 11))))
    assert found["AssA"] == pytest.approx(0.5)
    assert found["HOTA"] == pytest.approx(sqrt(0.5))
    assert (found["switches"], found["fragmentations"], found["MOTA"]) == pytest.approx((1, 0, 0.9))
    assert (found["DetA"], found["IDF1"]) == (1.0, 0.5)


def test_all_missed() -> None:
    found = numbers(TRUTH, table())
    assert (found["missed"], found["false"], found["MOTA"]) == (10, 0, 0.0)
    assert {found[name] for name in ("HOTA", "DetA", "AssA", "MOTP", "IDF1", "IDP", "IDR")} == {0.0}
    assert found["LocA"] == 1.0


def test_all_false() -> None:
    found = numbers(TRUTH, table(*(line(frame, 7, left=100) for frame in range(1, 11))))
    assert (found["missed"], found["false"], found["MOTA"]) == (10, 10, -1.0)
    assert (found["HOTA"], found["IDF1"]) == (0.0, 0.0)


def test_a_gap() -> None:
    # Found on 8 frames of 10, under one number.
    found = numbers(TRUTH, table(*(line(frame, 7) for frame in range(1, 11) if frame not in {5, 6})))
    assert (found["fragmentations"], found["switches"], found["missed"]) == (1, 0, 2)
    assert (found["DetA"], found["AssA"], found["HOTA"]) == pytest.approx((0.8, 0.8, 0.8))
    assert (found["IDR"], found["IDP"], found["IDF1"]) == pytest.approx((0.8, 1.0, 16 / 18))


def test_a_box_moved_by_a_third_is_a_partner_up_to_an_overlap_of_a_half() -> None:
    # Overlap 20 / 3 of 40 / 3, so at 10 of the 19 thresholds.
    found = numbers(TRUTH, table(*(line(frame, 7, left=10 / 3) for frame in range(1, 11))))
    assert found["DetA"] == pytest.approx(10 / 19)
    assert found["MOTP"] == pytest.approx(0.5)
    assert found["LocA"] == pytest.approx((10 * 0.5 + 9) / 19)


def test_a_partner_is_kept_though_another_is_nearer() -> None:
    near = [line(frame, 8, left=1) for frame in range(5, 11)]
    kept = [line(frame, 7, left=0 if frame < 5 else 2) for frame in range(1, 11)]
    found = numbers(TRUTH, table(*kept, *near))
    assert (found["switches"], found["false"]) == (0, 6)


def test_two_that_swap_numbers() -> None:
    truth = table(*(line(frame, number, left=100 * number) for frame in (1, 2) for number in (1, 2)))
    swapped = table(line(1, 1, 100), line(1, 2, 200), line(2, 2, 100), line(2, 1, 200))
    found = numbers(truth, swapped)
    assert (found["switches"], found["MOTA"], found["IDF1"]) == (2, 0.5, 0.5)
    assert found["AssA"] == pytest.approx(1 / 3)


def test_what_need_not_be_found_neither_misses_nor_makes_false() -> None:
    ignored = table(*(line(frame, 1) for frame in range(1, 11)), *(line(frame, 2, 50, score=0) for frame in (1, 2)))
    own = [line(frame, 7) for frame in range(1, 11)]
    for more in ((), (line(1, 9, 51), line(2, 9, 51))):
        assert numbers(ignored, table(*own, *more)) == numbers(TRUTH, table(*own))
    assert numbers(ignored, table(*own, line(3, 9, 51)))["false"] == 1
    # A box that finds what counts is not given away to one beside it that does not.
    beside = table(*(line(frame, 1) for frame in (1, 2)), *(line(frame, 2, 2, score=0) for frame in (1, 2)))
    assert numbers(beside, table(line(1, 7), line(2, 7), line(1, 8, 2), line(2, 8, 2)))["HOTA"] == 1.0


def test_what_need_not_be_found_may_be_of_another_class() -> None:
    # As in MOT17: one pedestrian, and a static person that the tracker takes for one.
    frames = range(1, 11)
    static = [line(frame, 2, 50, score=0, kind=7) for frame in frames]
    truth = table(*(line(frame, 1, kind=1) for frame in frames), *static)
    own = [line(frame, 7, kind=1) for frame in frames]
    found = numbers(truth, table(*own, *(line(frame, 8, 50, kind=1) for frame in frames)))
    assert found == numbers(TRUTH, table(*own))
    assert (found["HOTA"], found["MOTA"], found["IDF1"], found["false"]) == (1.0, 1.0, 1.0, 0)
    # Too far from the static person to be excused: an overlap of 3 / 7.
    assert numbers(truth, table(*own, line(1, 8, 54, kind=1)))["false"] == 1
    # A box that fits what is needed better than the static person beside it is not excused.
    beside = table(line(1, 1, kind=1), line(1, 2, 2, score=0, kind=7))
    assert numbers(beside, table(line(1, 7, 0.5, kind=1)))["missed"] == 0
    # One of another class finds nothing that is needed, so it takes no partner from the box that does.
    both = numbers(beside, table(line(1, 7, 0.5, kind=1), line(1, 8, kind=3)))
    assert (both["missed"], both["false"], both["HOTA"] > 0.9) == (0, 0, True)


def test_boxes_of_two_classes_never_go_together() -> None:
    truth = table(line(1, 1, kind=1), line(2, 1, kind=1))
    for kind, right in ((1, 1.0), (-1, 1.0), (2, 0.0)):
        assert numbers(truth, table(line(1, 7, kind=kind), line(2, 7, kind=kind)))["HOTA"] == right


def test_only_the_frames_given_are_judged() -> None:
    assert judge(TRUTH, table(line(1, 7), line(3, 7)), [1, 3]).hota.hota == 1.0
    assert judge(TRUTH, table(line(1, 7), line(3, 7)), [1, 2, 3]).clear.missed == 1
    with pytest.raises(ValueError, match="nothing to measure"):
        judge(TRUTH, table(), [11])


scenes = st.integers(0, 10_000).map(lambda seed: crowd(seed, empty_frames=True)).filter(lambda pair: len(pair[0]) > 0)


@settings(deadline=None, max_examples=50)
@given(scenes, st.permutations(range(1200)))
def test_the_numbers_of_tracks_do_not_matter(pair: tuple[MotTable, MotTable], other: list[int]) -> None:
    truth, found = pair
    renamed = _changed(found, ids=lambda ids: np.array(other)[ids])
    assert numbers(truth, renamed) == pytest.approx(numbers(truth, found), abs=1e-12)
    renamed = _changed(truth, ids=lambda ids: -ids)
    assert numbers(renamed, found) == pytest.approx(numbers(truth, found), abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(scenes)
def test_the_target_is_perfect(pair: tuple[MotTable, MotTable]) -> None:
    truth, _ = pair
    found = numbers(truth, truth)
    shares = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDP", "IDR")
    assert {name: found[name] for name in shares} == pytest.approx(dict.fromkeys(shares, 1.0))
    assert found["switches"] == found["missed"] == found["false"] == 0


@settings(deadline=None, max_examples=50)
@given(scenes, st.floats(0.1, 10), st.integers(0, 100))
def test_neither_the_unit_of_length_nor_the_beginning_of_time_matters(
    pair: tuple[MotTable, MotTable], unit: float, later: int
) -> None:
    moved = [_changed(each, xyxy=lambda xyxy: xyxy * unit, frames=lambda frames: frames + later) for each in pair]
    assert numbers(*moved) == pytest.approx(numbers(*pair), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(scenes)
def test_shares_lie_between_0_and_1_and_precision_is_recall_the_other_way(pair: tuple[MotTable, MotTable]) -> None:
    truth, found = pair
    ours = numbers(truth, found)
    assert all(0 <= ours[name] <= 1 for name in ("HOTA", "DetA", "AssA", "LocA", "MOTP", "IDF1", "IDP", "IDR"))
    assert ours["MOTA"] <= 1
    if len(found):
        back = numbers(found, truth)
        assert (back["IDP"], back["IDR"], back["IDF1"]) == (ours["IDR"], ours["IDP"], ours["IDF1"])


@settings(deadline=None, max_examples=50)
@given(scenes)
def test_a_false_track_makes_nothing_better(pair: tuple[MotTable, MotTable]) -> None:
    truth, found = pair
    rows = zip(found.frames, found.ids, found.xyxy, strict=True)
    same = [(frame, number, left, top, right - left, low - top) for frame, number, (left, top, right, low) in rows]
    worse = numbers(truth, MotTable.of_rows([*same, (1, 5000, 900, 900, 10, 10)]))
    ours = numbers(truth, found)
    for name in ("HOTA", "DetA", "MOTA", "IDF1", "IDP"):
        assert worse[name] <= ours[name] + 1e-12
    assert worse["false"] == ours["false"] + 1


def _changed(table: MotTable, **changes: Callable[[Any], Any]) -> MotTable:
    names = ("frames", "ids", "xyxy", "scores", "classes", "visibility")
    return MotTable(**{name: changes.get(name, lambda same: same)(getattr(table, name)) for name in names})
