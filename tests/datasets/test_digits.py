import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convsight.datasets import UNSPLIT, read_dataset
from convsight.errors import UserError


def test_the_bundled_digits() -> None:
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    dataset = read_dataset("digits")
    split = dataset.split(UNSPLIT)
    assert dataset.target.names == tuple("0123456789")
    assert dataset.classes_named
    assert dataset.name == "digits"
    images = np.asarray(split.images)
    assert (images.shape, str(images.dtype)) == ((1797, 8, 8), "uint8")
    np.testing.assert_allclose(images / 255 * 16, load_digits().images, atol=8 / 255)
    assert (images.min(), images.max()) == (0, 255)
    assert list(split.targets.lines()) == [str(digit) for digit in load_digits().target]
    assert split.names[12] == "all/00012"


def test_a_folder_of_that_name_comes_first(make_images: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_images("cat/1.png", "dog/2.png", root="digits")
    monkeypatch.chdir(folder.parent)
    assert read_dataset("digits").target.names == ("cat", "dog")


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(UserError, match=r'pip install "\.\[train\]" in the clone of convsight'):
        read_dataset("digits")
