"""Features come back as they were, as far as float16 tells them; damage shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.errors import UserError
from convsight.training.features.rows import are_whole, features_in, rows_of

PICTURES = np.array([3, 2**64 - 1], np.uint64)


@given(st.integers(-100, 100), st.integers(0, 2**31))
def test_features_of_any_size_keep_eleven_bits(power: int, seed: int) -> None:
    features = np.ldexp(np.random.default_rng(seed).normal(size=(2, 50)), power).astype(np.float32)
    rows = rows_of(PICTURES, features)
    assert np.isfinite(rows["features"]).all()
    assert np.all(
        np.abs(features_in(rows) - features) <= np.maximum(2.0**-11 * np.abs(features), 2.0**-39 * features.max())
    )


def test_what_float16_cannot_hold_is_held_all_the_same() -> None:
    features = np.array([[70_000.0, 1.0], [0.0, 0.0]], np.float32)
    assert np.allclose(features_in(rows_of(PICTURES, features)), features, rtol=2**-11)


def test_infinite_features_are_refused() -> None:
    with pytest.raises(UserError, match="infinite numbers"):
        rows_of(PICTURES, np.array([[1.0], [np.inf]], np.float32))


def test_every_flipped_bit_shows_in_its_row_alone() -> None:
    rows = rows_of(PICTURES, np.random.default_rng(0).normal(size=(2, 9)).astype(np.float32))
    size = rows.dtype.itemsize
    for bit in range(8 * size):
        damaged = bytearray(rows.tobytes())
        damaged[size + bit // 8] ^= 1 << bit % 8
        assert are_whole(np.frombuffer(bytes(damaged), rows.dtype)).tolist() == [True, False]
