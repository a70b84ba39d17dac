"""`ImportanceMap`: how much an answer depends on each place of a picture, in the picture's own pixels."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.drawing import MOST, draw_map, largest_of, map_image
from convsight.explain.method import Scale
from convsight.files import write_atomic
from convsight.printing import json_document
from convsight.results.shown import save_image, show_image

SUFFIXES = ("png", "map.png", "npy", "json")  # of the files of a map


@final
@dataclass(frozen=True, eq=False)
class ImportanceMap:
    """`values` (height, width) of the original picture; NaN where the network saw nothing of it.

    `about` is what was asked about and `score` what the network answered, in `unit`; `settings` are the method's.
    `seen` are the values over what the network saw, before they were taken to the original: evidence is about these.
    Of `evidence` a `verdict` in words stands on drawings. `picture` gives the original to draw on.
    """

    values: NDArray[np.float64]
    seen: NDArray[np.float64]
    method: str
    scale: Scale
    signed: bool
    about: str
    score: float
    unit: str
    settings: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    picture: Callable[[], Image.Image] | None = field(default=None, repr=False)

    @property
    def end(self) -> float:
        """The end of the scale of drawings: the largest absolute number, but of a few that stand far out.

        Gradients of single pixels can be a hundred times the others, which would all be drawn as nothing: where 199 of
        200 numbers are less than half of the largest, the scale ends with those. Losses of an answer are never cut.
        """
        largest = largest_of(self.values)
        most = float(np.percentile(np.abs(self.seen), 99.5))
        return most if self.scale != "score" and 0 < most < largest / 2 else largest

    @property
    def words(self) -> list[str]:
        """What stands above a drawing: method, what was asked about, the answer, what the numbers are, a verdict."""
        numbers = {"score": f"scale in {self.unit}", "relative": "relative scale"}.get(
            self.scale, f"scale in {self.scale}"
        )
        verdict = self.evidence.get("verdict")
        return [
            f"{self.method}: {self.about}",
            f"{self.unit} {self.score:.3g}",
            numbers,
            *([verdict] if verdict else []),
        ]

    def draw(self, image: Image.Image | None = None, most: int = MOST) -> Image.Image:
        """The map over `image` (RGB, by default the picture itself), with its scale; see `draw_map`.

        Raises `UserError` where the picture is not known, and where `image` is of another size.
        """
        if image is None and self.picture is None:
            raise UserError("the picture of this map is not kept: draw(image) takes one")
        shown = image if image is not None or self.picture is None else self.picture()
        assert shown is not None
        height, width = self.values.shape
        if shown.size != (width, height):
            raise UserError(
                f"the map is of a picture of {width} x {height} px; this one has {shown.width} x {shown.height}"
            )
        return draw_map(shown, self.values, self.signed, self.end, self.words, most)

    def alone(self) -> Image.Image:
        """The map without its picture, as 8-bit numbers with a palette: 0 is not seen, see `levels_of`."""
        return map_image(self.values, self.signed, self.end)

    def show(self) -> None:
        """Show the map over its picture: in a notebook below its cell, else in a window; raises as `draw` does."""
        show_image(self.draw())

    def save(self, path: str | Path) -> Path:
        """Write the map over its picture to `path` (.png, .jpg), or its values (.npy); returns it.

        Raises `UserError` for another suffix, where the picture is not known, and where the file cannot be written.
        """
        file = Path(path)
        if file.suffix.lower() == ".npy":
            write_atomic(file, self._array())
            return file
        return save_image(self.draw(), file)

    def to_json(self) -> dict[str, Any]:
        """What it is about, how it was made, and what speaks for it; numbers of places are in the files beside it."""
        low, high = np.nanmin(self.values), np.nanmax(self.values)
        height, width = self.values.shape
        return {
            "method": self.method,
            "about": self.about,
            "score": self.score,
            "unit": self.unit,
            "scale": self.scale,
            "signed": self.signed,
            "settings": self.settings,
            "range": [float(low), float(high)],
            "drawn_to": self.end,
            "size": [width, height],
            "seen": float(np.mean(~np.isnan(self.values))),
            "evidence": self.evidence,
        }

    def files(self, image: Image.Image) -> dict[str, bytes]:
        """By suffix: the map over `image`, the map alone as PNG and as an array of float32, and the JSON."""
        contents = (
            png(self.draw(image)),
            png(self.alone()),
            self._array(),
            json_document(self.to_json()).encode(),
        )
        return dict(zip(SUFFIXES, contents, strict=True))

    def _array(self) -> bytes:
        array = io.BytesIO()
        np.save(array, self.values.astype(np.float32), allow_pickle=False)
        return array.getvalue()

    def _repr_png_(self) -> bytes | None:
        """The drawing, which a notebook shows below the cell; None where the picture is not known."""
        return png(self.draw()) if self.picture is not None else None


def png(image: Image.Image) -> bytes:
    """`image` as a PNG file."""
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
