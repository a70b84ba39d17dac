"""`Drawings`: a folder of pictures with their results drawn on them."""

import re
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from convsight.errors import UserError
from convsight.pictures import read_picture
from convsight.results import Drawable
from convsight.results.capabilities import lacking
from convsight.runtime.answer import Answer
from convsight.runtime.sources.folders import takes_from

_UNSAFE = re.compile(r"[^\w.#=-]+", re.ASCII)
_LONGEST = 80  # characters of a picture's own name in that of its drawing
_QUALITY = 90  # of JPEG


class Drawings:
    """Pictures are saved as `000012-cat.jpg`: the place among the sources, and what is left of the name.

    No file that exists is ever written to; the next name is taken.
    """

    def __init__(self, folder: Path, sources: Iterable[str], max_megapixels: float) -> None:
        """Raises `UserError` where the folder cannot be made, or lies among the sources, which would then grow."""
        inside = next((source for source in sources if takes_from(source, folder)), None)
        if inside is not None:
            raise UserError(f"--draw {folder} lies in {inside}, whose pictures are answered; choose a folder elsewhere")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--draw {folder}: cannot make this folder: {error.strerror}; choose another") from error
        self._folder = folder
        self._max_megapixels = max_megapixels

    def draw(self, position: int, answer: Answer) -> None:
        """Save the picture of an answer that kept it, the `position`-th of all; what has no result is left out.

        Raises `UserError` where the result is no `Drawable`.
        """
        if answer.result is None or answer.picture is None:
            return
        if not isinstance(answer.result, Drawable):
            raise lacking(Drawable, "--draw", f"the kind {type(answer.result).__name__}", "leave it out")
        drawn = answer.result.draw(read_picture(answer.picture, max_megapixels=self._max_megapixels))
        self.save(drawn, position, answer.file)

    def save(self, drawn: Image.Image, position: int, name: str) -> None:
        """Save what was drawn on the picture called `name`, the `position`-th of all."""
        try:
            self._save(drawn, f"{position:06d}-{safe_name(name)}")
        except OSError as error:
            raise UserError(
                f"cannot write to {self._folder}: {error.strerror or error}; free some space, or choose another folder"
            ) from error

    def _save(self, drawn: Image.Image, name: str) -> None:
        number = 1
        while True:
            path = self._folder / f"{name}{'' if number == 1 else f'-{number}'}.jpg"
            try:
                with open(path, "xb") as file:
                    drawn.save(file, "JPEG", quality=_QUALITY)
            except FileExistsError:
                number += 1
            else:
                return


def safe_name(name: str) -> str:
    """The last part of a picture's name, without suffix and without signs that a file system or shell might mind.

    >>> safe_name("photos/my cat (2).jpg"), safe_name("clip.mp4#frame=3"), safe_name("https://example.org/?id=7")
    ('my_cat_2', 'clip.mp4#frame=3', 'id=7')
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    stem = last if "#frame=" in last else last.rsplit(".", 1)[0]
    return _UNSAFE.sub("_", stem)[-_LONGEST:].strip("_.") or "picture"
