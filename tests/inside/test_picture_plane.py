"""The plane keeps together what is alike, of the same vectors in the same way."""

import numpy as np
import pytest

from convsight.inside.picture_plane import projected


def groups(each: int, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    of = np.repeat(np.arange(count), each)
    middles = 20 * random.standard_normal((count, 64))
    return (middles[of] + random.standard_normal((len(of), 64))).astype(np.float32), of


def test_the_nearest_in_the_plane_are_of_the_same_group() -> None:
    vectors, of = groups(30)
    places, how = projected(vectors)
    assert places.shape == (90, 2)
    assert (places.min(), places.max()) == (0.0, 1.0)
    away = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(places))
    assert (of[away.argmin(axis=1)] == of).all()
    assert how == "50 principal components, then t-SNE (perplexity 29.7, seed 0)"


def test_the_same_vectors_have_the_same_places() -> None:
    vectors, _ = groups(10)
    assert np.array_equal(projected(vectors)[0], projected(vectors)[0])


def test_few_pictures_lie_by_their_principal_components() -> None:
    vectors, _ = groups(1, 5)
    places, how = projected(vectors)
    assert how == "their first two principal components"
    centred = vectors - vectors.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    assert abs(np.corrcoef(along, places[:, 0])[0, 1]) == pytest.approx(1)
    assert places.min() == 0
    assert places.max() == 1


@pytest.mark.parametrize("count", [1, 20])
def test_pictures_that_are_all_alike_lie_in_the_middle(count: int) -> None:
    places, _ = projected(np.ones((count, 6), np.float32))
    assert (places == 0.5).all()


def test_both_directions_have_one_scale_and_the_smaller_lies_in_the_middle() -> None:
    vectors = np.array([[0, 0], [4, 0], [2, 1], [2, -1]], np.float32)
    places, _ = projected(vectors)
    assert sorted(places[:, 0].tolist()) == pytest.approx([0, 0.5, 0.5, 1])
    assert sorted(places[:, 1].tolist()) == pytest.approx([0.25, 0.5, 0.5, 0.75])
