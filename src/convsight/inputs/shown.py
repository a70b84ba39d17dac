"""An original as a picture that people can look at."""

import numpy as np
from PIL import Image

from convsight.images import Source
from convsight.inputs.image import ImageInput
from convsight.inputs.spec import InputSpec


def shown(spec: InputSpec, source: Source, max_megapixels: float = 100.0) -> Image.Image | None:
    """The example `source` as `spec` takes it, in RGB at its own size; None where its kind is no picture.

    Of images with more channels than colours the first three are shown, or the first. Errors are those of `spec.load`.
    """
    if not isinstance(spec, ImageInput):
        return None
    original = spec.original(source, max_megapixels)
    if spec.is_rgb:
        return Image.fromarray(original)
    planes = spec.scaled(original[None])[0]
    colours = planes[:3] if len(planes) >= 3 else planes[:1].repeat(3, axis=0)
    return Image.fromarray(np.rint(colours.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0).copy())
