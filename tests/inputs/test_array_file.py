"""Arrays from memory and from files of NumPy; everything else is refused in words."""

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convsight.images import ImageError
from convsight.inputs.array_file import read_array


def content(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<u2", ">u2", "u1", "<f8"])
def test_files_bytes_and_arrays_hold_the_same(tmp_path: Path, dtype: str) -> None:
    array = np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype(dtype))
    (tmp_path / "a.npy").write_bytes(content(array))
    for source in (array, content(array), tmp_path / "a.npy"):
        found = read_array(source, 24)
        assert (found == array).all()
        assert found.dtype.isnative
    assert (read_array(Image.fromarray(np.full((2, 3), 700, np.uint16)), 6) == 700).all()


def refused(source: Any, most: float = 1e6, name: str | None = None) -> str:
    with pytest.raises(ImageError) as caught:
        read_array(source, most, name)
    return str(caught.value)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "cannot read" in refused(tmp_path / "missing.npy")
    assert "missing.npy" in refused(tmp_path / "missing.npy")
    assert "is no array" in refused(b"\x89PNG\r\n\x1a\n" + b"0" * 99)
    assert refused(b"", name="upload 1").startswith("upload 1 is no array")
    assert "cannot be read as an array" in refused(content(np.zeros((9, 9)))[:-5])
    assert "--max-megapixels" in refused(content(np.zeros((9, 9))), most=80)
    assert "Python objects" in refused(content(np.array([{}], dtype=object), allow_pickle=True))


def test_a_header_that_promises_much_is_refused_before_it_is_held() -> None:
    small = content(np.zeros((3, 3), np.float32))
    huge = small.replace(b"(3, 3)", b"(99999, 99999)").replace(b" " * 8 + b"\n", b"\n", 1)
    assert "over the limit" in refused(
        small[:8] + len(huge[10 : huge.index(b"\n") + 1]).to_bytes(2, "little") + huge[10:]
    )


@given(middle=st.binary(max_size=200), keep=st.integers(0, 130))
def test_any_bytes_are_an_array_or_a_user_error(middle: bytes, keep: int) -> None:
    with suppress(ImageError):
        read_array(content(np.zeros((2, 2), np.float32))[:keep] + middle, 1e4)
