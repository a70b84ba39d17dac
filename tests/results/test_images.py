"""Predictions that are images."""

import numpy as np
import pytest

from convsight.results import ImageResult


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_an_image_is_shown_in_its_own_channels(channels: int, mode: str) -> None:
    values = np.linspace(0, 1, 2 * 3 * channels).reshape(2, 3, channels)
    shown = ImageResult(values).shown()
    assert (shown.mode, shown.size) == (mode, (3, 2))
    assert np.array_equal(np.asarray(shown).ravel(), np.rint(values * 255).ravel())
