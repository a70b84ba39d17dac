"""`ImportanceMap`: how much an answer depends on each place of a picture, in the picture's own pixels."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.explain.drawing import draw_map, map_image
from convsight.explain.method import Scale
from convsight.files import write_atomic
from convsight.printing import json_document


@final
@dataclass(frozen=True, eq=False)
class ImportanceMap:
    """`values` (height, width) of the original picture; NaN where the network saw nothing of it.

    `about` is what was asked about and `score` what the network answered, in `unit`; `settings` are the method's.
    `seen` are the values over what the network saw, before they were taken to the original: evidence is about these.
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

    def draw(self, image: Image.Image) -> Image.Image:
        """The map over `image` (RGB), with its scale."""
        return draw_map(image, self.values, self.signed, f"{self.method}: {self.about} {self.score:.3g}")

    def to_json(self) -> dict[str, Any]:
        """What it is about, how it was made, and what speaks for it; numbers of places are in the files beside it."""
        low, high = np.nanmin(self.values), np.nanmax(self.values)
        return {
            "method": self.method,
            "about": self.about,
            "score": self.score,
            "unit": self.unit,
            "scale": self.scale,
            "settings": self.settings,
            "range": [float(low), float(high)],
            "evidence": self.evidence,
        }

    def save(self, folder: Path, stem: str, image: Image.Image) -> list[Path]:
        """Write the map over `image`, the map alone as PNG and `.npy`, and a JSON; returns the files."""
        array = io.BytesIO()
        np.save(array, self.values, allow_pickle=False)
        contents: dict[str, bytes] = {
            ".png": _png(self.draw(image)),
            ".map.png": _png(map_image(self.values, self.signed)),
            ".npy": array.getvalue(),
            ".json": json_document(self.to_json()).encode(),
        }
        files = [folder / f"{stem}.{self.method}{suffix}" for suffix in contents]
        for file, content in zip(files, contents.values(), strict=True):
            write_atomic(file, content)
        return files


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
