import numpy as np
import pytest
from sklearn.metrics import f1_score

from convsight.tasks.multilabel.light.thresholds import best_thresholds, thresholds_of


def test_no_other_threshold_has_a_better_f1() -> None:
    random = np.random.default_rng(0)
    present = random.random((200, 3)) < [0.2, 0.5, 0.7]
    probabilities = np.round(np.clip(0.3 * present + random.normal(0.4, 0.25, present.shape), 0, 1), 2)
    for label, found in enumerate(best_thresholds(present, probabilities).tolist()):
        truth, given = present[:, label], probabilities[:, label]
        best = max(f1_score(truth, given >= cut) for cut in np.unique(given))
        assert f1_score(truth, given >= found) == pytest.approx(best)
        assert np.abs(given - found).min() > 1e-3  # half-way between two


def test_labels_of_a_few_images_share_a_threshold() -> None:
    present = np.zeros((60, 3), np.bool_)
    present[:30, 0] = present[:9, 1] = present[:52, 2] = True
    probabilities = np.where(present, 0.6, 0.2)
    probabilities[:, 1] = np.linspace(0.9, 0.1, 60)  # alone: 0.77
    found = best_thresholds(present, probabilities)
    assert found[0] == pytest.approx(0.4)
    assert found[1] == found[2]
    present[9, 1] = True
    assert best_thresholds(present, probabilities)[1] != found[1]


def test_where_nothing_is_there_half_is_usual() -> None:
    assert best_thresholds(np.zeros((20, 2), np.bool_), np.full((20, 2), 0.3)).tolist() == [0.5, 0.5]
    assert thresholds_of({}, ("a", "b"), (0.1, 0.2)).tolist() == [0.1, 0.2]
