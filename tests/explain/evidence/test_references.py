"""The references: Sobel's magnitude as SciPy has it, a blob whose middle is the picture's."""

import numpy as np
from scipy import ndimage
from tests.explain.evidence.additive import pictures, subject_of

from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.references import centre_blob, edges


def test_edges_are_sobels_magnitude() -> None:
    picture = next(pictures(1))
    grey = picture.astype(np.float64).mean(axis=2)
    wanted = np.hypot(ndimage.sobel(grey, 0, mode="nearest"), ndimage.sobel(grey, 1, mode="nearest"))
    np.testing.assert_allclose(edges(subject_of(picture)), wanted, atol=1e-9)


def test_the_blob_falls_from_the_middle_alike_on_all_sides() -> None:
    blob = centre_blob(Cells((28, 60)))
    assert blob.shape == (28, 28)
    np.testing.assert_allclose(blob, blob[::-1])
    np.testing.assert_allclose(blob, blob[:, ::-1])
    assert blob.argmax() in {13 * 28 + 13, 13 * 28 + 14, 14 * 28 + 13, 14 * 28 + 14}
    assert (np.diff(blob[14, 14:]) < 0).all()
    assert centre_blob(Cells((1, 3))).argmax() == 1
