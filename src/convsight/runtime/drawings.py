"""`Drawings` and `DrawnVideo`: images with their results drawn on them, in a folder or as a video."""

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from convsight.inputs import InputSpec
from convsight.results import Drawable
from convsight.results.capabilities import lacking
from convsight.runtime.original import original_picture
from convsight.runtime.output_folder import OutputFolder
from convsight.runtime.prediction import Prediction
from convsight.runtime.video_file import VideoFile

_QUALITY = 90  # of JPEG


class Drawings:
    """Images are saved as `000012-cat.jpg`, see `OutputFolder`."""

    def __init__(
        self, folder: Path, sources: Iterable[str], max_megapixels: float, spec: InputSpec | None = None
    ) -> None:
        """`spec` is what the network takes, by which its images are shown.

        Raises `UserError` where the folder cannot be made, or lies among the sources.
        """
        self._folder = OutputFolder(folder, "--draw", sources)
        self._max_megapixels = max_megapixels
        self._spec = spec

    def draw(self, position: int, prediction: Prediction) -> None:
        """Save the image of a prediction that kept it, the `position`-th of all; what has no result is left out.

        Raises `UserError` where the result is no `Drawable`.
        """
        drawn = drawn_image(prediction, self._max_megapixels, self._spec)
        if drawn is not None:
            self.save(drawn, position, prediction.file)

    def save(self, drawn: Image.Image, position: int, name: str) -> None:
        """Save what was drawn on the image called `name`, the `position`-th of all."""
        content = io.BytesIO()
        drawn.save(content, "JPEG", quality=_QUALITY)
        self._folder.save(position, name, {"jpg": content.getvalue()})


class DrawnVideo:
    """The images of predictions, with the results drawn on them, as the frames of one video."""

    def __init__(self, file: VideoFile, max_megapixels: float, spec: InputSpec | None = None) -> None:
        """`spec` is what the network takes, by which its images are shown."""
        self._file = file
        self._max_megapixels = max_megapixels
        self._spec = spec

    def draw(self, position: int, prediction: Prediction) -> None:
        """Write the next frame, of a prediction that kept its image; what has no result is left out."""
        drawn = drawn_image(prediction, self._max_megapixels, self._spec)
        if drawn is not None:
            self._file.add(drawn)


def drawn_image(prediction: Prediction, max_megapixels: float, spec: InputSpec | None) -> Image.Image | None:
    """The image of a prediction that kept it, with its result drawn on it; None where it has none.

    Raises `UserError` where the result is no `Drawable`.
    """
    if prediction.result is None or prediction.image is None:
        return None
    if not isinstance(prediction.result, Drawable):
        raise lacking(Drawable, "--draw", f"the kind {type(prediction.result).__name__}", "leave it out")
    return prediction.result.draw(original_picture(spec, prediction.image, max_megapixels))
