import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from convsight.tasks.classification.light.auc import Ranking

# Few distinct scores, so that ties are common.
IMAGES = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=40)


@settings(deadline=None)
@given(IMAGES)
def test_equals_scikit_learn_under_any_weights(images: list[tuple[bool, int, int]]) -> None:
    positive, scores, weights = (np.array(column) for column in zip(*images, strict=True))
    area = Ranking(positive, scores / 7).area(weights[None].astype(np.float64))[0]
    drawn = np.repeat(positive, weights)
    if drawn.all() or not drawn.any():
        assert np.isnan(area)
    else:
        expected = roc_auc_score(drawn, np.repeat(scores / 7, weights))
        assert abs(area - expected) < 1e-12


@settings(deadline=None)
@given(IMAGES)
def test_equals_counting_all_pairs(images: list[tuple[bool, int, int]]) -> None:
    positives = [score for positive, score, _ in images if positive]
    negatives = [score for positive, score, _ in images if not positive]
    won = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    area = Ranking(np.array([p for p, _, _ in images]), np.array([float(s) for _, s, _ in images])).area(
        np.ones((1, len(images)))
    )[0]
    if positives and negatives:
        assert abs(area - won / (len(positives) * len(negatives))) < 1e-12
    else:
        assert np.isnan(area)


def test_each_row_of_weights_is_measured_by_itself() -> None:
    generator = np.random.default_rng(0)
    positive, scores = generator.random(300) < 0.3, generator.random(300).round(2)
    weights = generator.integers(0, 4, (20, 300)).astype(np.float32)
    together = Ranking(positive, scores).area(weights)
    expected = [roc_auc_score(positive, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(together, expected, atol=1e-6)
