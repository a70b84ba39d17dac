"""One picture: a map's rank among its references, told as weak evidence."""

import numpy as np
import pytest
from tests.explain.evidence.additive import pictures, redness, subject_of

from convsight.explain.evidence.areas import Areas
from convsight.explain.evidence.judged_picture import JudgedPicture, MapEvidence


def test_the_true_map_comes_first_and_its_opposite_last() -> None:
    one, other = pictures(2, seed=1)
    judged = JudgedPicture(subject_of(one))
    found = judged.evidence(redness(one), redness(other))
    assert found.rank == 1
    assert list(found.references) == ["another picture", "centre blob", "edges"]
    assert found.references["another picture"] == judged.e(redness(other))
    assert found.mean == pytest.approx(1 - 16 / 196, abs=0.01)
    assert "1 of 4" in found.words
    assert "weak evidence" in found.words
    assert judged.evidence(-redness(one), redness(other)).rank == 4
    assert found.to_json()["e"] == found.areas.e if found.areas else None


def test_without_another_picture_two_references_are_left() -> None:
    picture = next(pictures(1))
    found = JudgedPicture(subject_of(picture)).evidence(redness(picture))
    assert list(found.references) == ["centre blob", "edges"]
    assert "of 3" in found.words


def test_a_tie_is_no_win() -> None:
    assert MapEvidence(Areas(0.1, 0.5), 0.4, 0.1, {"edges": 0.4, "centre blob": 0.3}).rank == 2


def test_where_hiding_everything_changes_nothing_it_says_so() -> None:
    grey = np.full((14, 14, 3), 128, np.uint8)
    found = JudgedPicture(subject_of(grey)).evidence(np.ones((14, 14)))
    assert found.areas is None
    assert found.rank is None
    assert found.references == {}
    assert "undefined" in found.words
    assert found.to_json()["e"] is None
