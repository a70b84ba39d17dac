"""`MapFiles`: a folder of maps, all files of a picture under one name, each map whole or not there."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from convsight.explain.drawing import PANEL, draw_sheet, panel
from convsight.explain.importance_map import SUFFIXES, ImportanceMap, png
from convsight.files import write_atomic
from convsight.runtime.output_folder import OutputFolder
from convsight.words import visible

_SHEET = "sheet.png"


class MapFiles:
    """Files are called `cat.gradcam.png`, `cat.sheet.png`; of a second `cat`, or where one is there, `cat-2....`."""

    def __init__(self, folder: Path, sources: Iterable[str], methods: Sequence[str]) -> None:
        """Raises `UserError` where the folder cannot be made, or lies among the sources."""
        self._folder = OutputFolder(folder, "--out", sources)
        self._suffixes = [f"{method}.{suffix}" for method in methods for suffix in SUFFIXES] + [_SHEET]
        self.count = 0

    def place(self, name: str) -> Path:
        """Where the files of the next picture, called `name`, belong: their path but for suffixes."""
        return self._folder.free(name, self._suffixes)

    def write(self, place: Path, found: ImportanceMap, image: Image.Image) -> list[Path]:
        """Write a map of `image`, all of its files or none; returns them."""
        files = {
            place.with_name(f"{place.name}.{found.method}.{each}"): data for each, data in found.files(image).items()
        }
        try:
            for file, data in files.items():
                write_atomic(file, data)
        except BaseException:  # Ctrl-C too
            for file in files:
                file.unlink(missing_ok=True)
            raise
        self.count += 1
        return list(files)

    def write_sheet(self, place: Path, name: str, found: Sequence[ImportanceMap], image: Image.Image) -> Path:
        """Write maps of one picture, called `name`, side by side behind the picture; returns the file."""
        file = place.with_name(f"{place.name}.{_SHEET}")
        words = [visible(Path(name).name), f"{image.width} x {image.height} px"]
        write_atomic(file, png(draw_sheet([panel(image, words), *(each.draw(image, PANEL) for each in found)])))
        return file
