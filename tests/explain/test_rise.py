"""RISE against its paper's formula, masks against Pillow's enlarging, and what is known of simple functions."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.explain.subjects import Computed, subject_of

from convsight.errors import UserError
from convsight.explain.likeness import rank_correlation
from convsight.explain.method import MethodOptions
from convsight.explain.rise import Mask, Rise, balanced, balanced_block, enlarged

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(100, 256, (30, 44, 3), dtype=np.uint8)
PART = np.s_[:, 6:14, 26:36]


def brightness(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.tanh(pictures[PART].mean(axis=(1, 2, 3)) / 100)
    return found


def test_masks_are_enlarged_as_pillow_does_and_shifted() -> None:
    shown = RNG.random((5, 5)) < 0.5
    # 30 and 44 px hold five cells of 6 and 9; the mask reaches over six of them.
    whole = np.asarray(Image.fromarray(shown.astype(np.float32)).resize((54, 36), Image.Resampling.BILINEAR))
    for shift in [(0, 0), (5, 8), (2, 3)]:
        found = enlarged(Mask(shown, shift), (30, 44))
        cut = whole[shift[0] : shift[0] + 30, shift[1] : shift[1] + 44]
        assert found == pytest.approx(cut, abs=1e-6)


def test_equals_the_papers_map_less_its_mean() -> None:
    """On the pictures that were answered: their masks are read from them, since all is 0 where they are not shown."""
    shown: list[NDArray[np.float64]] = []
    scores: list[float] = []
    white = np.full((30, 44, 3), 255, np.uint8)

    def noting(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        shown.extend(pictures[:, :, :, 0] / 255)
        scores.extend(found := pictures[PART].mean(axis=(1, 2, 3)) ** 2)
        return np.asarray(found)

    found = Rise(MethodOptions(samples=300, fill="0")).importance(subject_of(white, Computed(noting)))
    masks, answers = np.array(shown), np.array(scores)
    assert len(masks) == 300
    paper = (answers[:, None, None] * masks).sum(axis=0) / masks.sum(axis=0)
    assert found == pytest.approx(paper - answers.mean(), rel=0.01, abs=20)
    assert masks.mean() == pytest.approx(0.5, abs=0.02)


def test_what_counts_is_found_where_it_is() -> None:
    method = Rise(MethodOptions(fill="0", samples=512))
    found = method.importance(subject_of(PICTURE, Computed(brightness)))
    inside = np.zeros((30, 44), bool)
    inside[PART[1:]] = True
    assert found[inside].mean() > 10 * np.abs(found[~inside]).mean()
    row, column = divmod(int(found.argmax()), 44)
    assert inside[row, column]
    told = method.settings()
    assert told["cells"] == 7
    assert told["held_out_fit"] > 0.5


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    maps = [
        Rise(MethodOptions(seed=seed, samples=128)).importance(subject_of(PICTURE, Computed(brightness, streams)))
        for seed, streams in [(3, 1), (3, 3), (4, 1)]
    ]
    assert (maps[0] == maps[1]).all()
    assert (maps[0] != maps[2]).any()


def test_it_ends_when_halves_agree_and_a_map_of_other_masks_is_alike() -> None:
    rows, columns = np.indices((30, 44))
    hill = np.exp(-((rows - 10) ** 2 + (columns - 30) ** 2) / 200)[None, :, :, None]
    engine = Computed(lambda pictures: np.tanh((pictures * hill).mean(axis=(1, 2, 3)) / 20))
    methods = [Rise(MethodOptions(fill="0", seed=seed)) for seed in (0, 9)]
    one, other = (method.importance(subject_of(PICTURE, engine)) for method in methods)
    told = methods[0].settings()
    assert told["agreed"]
    assert 256 <= told["samples"] < 4096
    assert rank_correlation(one, other) > 0.95


def test_a_network_that_always_says_the_same_gets_a_level_map() -> None:
    method = Rise(MethodOptions(samples=128))
    found = method.importance(subject_of(PICTURE, Computed(lambda pictures: np.full(len(pictures), 0.3))))
    assert found == pytest.approx(0, abs=1e-12)
    assert method.settings()["held_out_fit"] == 0


def test_masks_of_a_block_balance_one_another_and_each_is_drawn_by_coins() -> None:
    block = balanced_block(9)
    shown = np.array([balanced(number, 9, seed=1)[0] for number in range(4 * block)]).astype(float)
    signs = 2 * shown.reshape(4, block, 9) - 1
    for each in signs:
        assert each.T @ each == pytest.approx(block * np.eye(9))
        assert each.sum(axis=0) == pytest.approx(0)
    assert (signs[2] == -signs[0]).all()
    assert (signs[3] == -signs[1]).all()
    assert (signs[1] != signs[0]).any()
    # Of any one row of a block, over many blocks: all 512 masks are equally likely.
    rows = np.array([balanced(4 * block * pair + 3, 9, seed=1)[0] for pair in range(2048)])
    counts = np.bincount(rows @ (1 << np.arange(9)), minlength=512)
    assert ((counts - 4) ** 2 / 4).sum() < 511 + 4 * np.sqrt(2 * 511)


def test_what_two_cells_add_together_settles_in_four_blocks() -> None:
    """Of an answer by cells and pairs of cells a fit of four blocks finds exactly what each cell adds by itself."""
    rng = np.random.default_rng(2)
    alone, pairs = rng.normal(size=9), rng.normal(size=(9, 9))
    masks = np.array([balanced(number, 9, seed=0)[0] for number in range(4 * balanced_block(9))]) - 0.5
    answers = masks @ alone + np.einsum("ni,ij,nj->n", masks, pairs, masks)
    assert masks.T @ answers / len(masks) * 4 == pytest.approx(alone, abs=1e-12)


def test_a_single_sample_is_refused() -> None:
    with pytest.raises(UserError, match="--samples 1: rise needs 128 for 7 x 7 cells"):
        Rise(MethodOptions(samples=1)).importance(subject_of(PICTURE, Computed(brightness)))


def test_memory_does_not_grow_with_samples() -> None:
    def peak(samples: int) -> int:
        tracemalloc.start()
        try:
            Rise(MethodOptions(samples=samples, agreement=1.0)).importance(subject_of(PICTURE, Computed(brightness)))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(256) < 1.1 * peak(128)
