"""Pixels to an image, images to their difference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.contracts.toys.errors import RootMeanSquare

from convsight.results import ImageResult
from convsight.tasks.reader import Reader


class ImageReader(Reader):
    result, pipeline_tag, plain_python = ImageResult, "image-to-image", 'print(arrays["image"][0].shape)\n'

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> ImageResult:
        return ImageResult(np.moveaxis(np.asarray(arrays["image"], np.float64), 0, 2))

    def metrics(self) -> RootMeanSquare:
        return RootMeanSquare(span=0.2, unit="")
