from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.errors import UserError
from convsight.images import Source
from convsight.results import Label
from convsight.runtime.drawings import Drawings
from convsight.runtime.output_folder import safe_name
from convsight.runtime.prediction import Prediction

LABEL = Label(("cat", "dog"), np.array([0.2, 0.8]))


def test_images_of_every_source_are_drawn_whole(photos: Path, tmp_path: Path) -> None:
    file = photos / "dark" / "0.png"
    drawings = Drawings(tmp_path / "drawn", [str(photos)], 100)
    images: tuple[Source, ...] = (file, file.read_bytes(), np.zeros((30, 60, 3), np.uint8))
    for position, image in enumerate(images, start=1):
        drawings.draw(position, Prediction("x/../cat 1.png", LABEL, image=image))
    drawings.draw(4, Prediction("bad.png", error="bad.png is empty"))
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [f"00000{n}-cat_1.jpg" for n in (1, 2, 3)]
    with Image.open(tmp_path / "drawn" / "000003-cat_1.jpg") as drawn:
        assert drawn.width == 4 * 60  # enlarged by a whole factor, under a bar with the prediction
        assert drawn.height > 4 * 30
        assert np.asarray(drawn).max() > 200  # white letters on what was black


def test_nothing_is_overwritten(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "000001-cat.jpg").write_text("precious")
    drawings = Drawings(tmp_path / "drawn", [], 100)
    for _ in range(2):
        drawings.draw(1, Prediction("cat.jpg", LABEL, image=photos / "dark" / "0.png"))
    assert (tmp_path / "drawn" / "000001-cat.jpg").read_text() == "precious"
    assert len(list((tmp_path / "drawn").iterdir())) == 3


@pytest.mark.parametrize("source", ["photos", ".", "photos/*/*.png", "photos/**"])
def test_a_folder_among_the_sources_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(photos.parent)
    with pytest.raises(UserError, match="choose a folder elsewhere"):
        Drawings(Path("photos") / "drawn", [source], 100)
    assert not (photos / "drawn").exists()


@pytest.mark.parametrize("source", ["photos/*/*.jpg", "photos/dark/*.png", "*.jpg", "photos/dark"])
def test_a_folder_beside_the_sources_is_taken(photos: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(photos.parent)
    Drawings(Path("photos") / "drawn" / "here", [source], 100)
    (photos / "drawn" / "here").rmdir()
    (photos / "drawn").rmdir()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\\b\\..", "-", "/", "x" * 300, "\udcff\0\n;rm -rf", "https://h/?a=1&b=/"]
)
def test_names_are_safe(name: str) -> None:
    assert 0 < len(safe_name(name)) <= 80
    assert not set(safe_name(name)) & set("/\\\0\n; &?\udcff")
    assert not safe_name(name).startswith(".")
