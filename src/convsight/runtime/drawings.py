"""`Drawings`: a folder of images with their results drawn on them."""

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from convsight.images import ValueRange, decode_image
from convsight.results import Drawable
from convsight.results.capabilities import lacking
from convsight.runtime.output_folder import OutputFolder
from convsight.runtime.prediction import Prediction

_QUALITY = 90  # of JPEG


class Drawings:
    """Images are saved as `000012-cat.jpg`, see `OutputFolder`."""

    def __init__(
        self, folder: Path, sources: Iterable[str], max_megapixels: float, shown: ValueRange | None = None
    ) -> None:
        """`shown` are the values that are black and white in images of more than 8 bits.

        Raises `UserError` where the folder cannot be made, or lies among the sources.
        """
        self._folder = OutputFolder(folder, "--draw", sources)
        self._max_megapixels = max_megapixels
        self._shown = shown

    def draw(self, position: int, prediction: Prediction) -> None:
        """Save the image of a prediction that kept it, the `position`-th of all; what has no result is left out.

        Raises `UserError` where the result is no `Drawable`.
        """
        if prediction.result is None or prediction.image is None:
            return
        if not isinstance(prediction.result, Drawable):
            raise lacking(Drawable, "--draw", f"the kind {type(prediction.result).__name__}", "leave it out")
        image = decode_image(prediction.image, max_megapixels=self._max_megapixels, shown=self._shown)
        self.save(prediction.result.draw(image), position, prediction.file)

    def save(self, drawn: Image.Image, position: int, name: str) -> None:
        """Save what was drawn on the image called `name`, the `position`-th of all."""
        content = io.BytesIO()
        drawn.save(content, "JPEG", quality=_QUALITY)
        self._folder.save(position, name, {"jpg": content.getvalue()})
