"""Figures as files."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from convsight.figures.figure_file import save_figure


@pytest.mark.usefixtures("drawn_figures")
def test_a_figure_is_a_png_of_its_size(tmp_path: Path) -> None:
    figure = Figure(figsize=(3, 2))
    figure.add_subplot().plot([1, 3, 2])
    save_figure(figure, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        levels = image.convert("L").getextrema()
        assert (image.format, image.size) == ("PNG", (360, 240))  # 120 dots an inch
    assert levels == (0, 255)  # axes and paper
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
