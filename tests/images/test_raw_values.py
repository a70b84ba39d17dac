from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.images import ImageError, image_orientation, raw_values, turn_values


@pytest.mark.parametrize("orientation", range(1, 9))
def test_values_are_turned_as_images_are(tmp_path: Path, orientation: int) -> None:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    file = tmp_path / "a.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(file, exif=exif)
    raw = raw_values(file)
    assert (raw.values == values).all()
    assert raw.orientation == image_orientation(file) == orientation
    from PIL import ImageOps

    assert (turn_values(raw.values, raw.orientation) == np.asarray(ImageOps.exif_transpose(Image.open(file)))).all()


def test_numbers_as_they_are_stored(tmp_path: Path) -> None:
    ids = np.array([[0, 300], [65535, 7]], np.uint16)
    Image.fromarray(ids).save(tmp_path / "deep.png")
    assert (raw_values(tmp_path / "deep.png").values == ids).all()
    indexed = Image.fromarray(np.array([[0, 2], [1, 255]], np.uint8), "P")
    indexed.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [9] * 759)
    indexed.save(tmp_path / "indexed.png")
    raw = raw_values(tmp_path / "indexed.png")
    assert raw.values.tolist() == [[0, 2], [1, 255]]
    assert raw.palette is not None
    assert raw.palette[:3].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "bits.png")
    assert raw_values(tmp_path / "bits.png").values.tolist() == [[255, 0]]
    glass = Image.fromarray(np.array([[[1, 2, 3, 0]]], np.uint8), "RGBA")
    glass.save(tmp_path / "glass.png")
    assert raw_values(tmp_path / "glass.png").values.tolist() == [[[1, 2, 3]]]
    Image.fromarray(np.array([[1.0, 2.0]], np.float32)).save(tmp_path / "whole.tif")
    assert raw_values(tmp_path / "whole.tif").values.tolist() == [[1, 2]]
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    assert raw_values(tmp_path / "photo.jpg").is_lossy


def test_what_is_no_mask(tmp_path: Path) -> None:
    Image.fromarray(np.array([[1.5]], np.float32)).save(tmp_path / "depth.tif")
    with pytest.raises(ImageError, match="numbers that are not whole"):
        raw_values(tmp_path / "depth.tif")
    with pytest.raises(ImageError, match="No such file"):
        raw_values(tmp_path / "none.png")
    Image.new("L", (100, 100)).save(tmp_path / "large.png")
    with pytest.raises(ImageError, match="over the limit"):
        raw_values(tmp_path / "large.png", max_megapixels=0.001)
    whole = (tmp_path / "large.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:60])
    with pytest.raises(ImageError, match="cannot be decoded"):
        raw_values(tmp_path / "cut.png")
