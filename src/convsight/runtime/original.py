"""The image that a prediction is about, once more and whole, for people."""

from PIL import Image

from convsight.errors import UserError
from convsight.images import Source, decode_image
from convsight.inputs import ImageInput, InputSpec, shown_range
from convsight.inputs.shown import shown


def original_picture(spec: InputSpec | None, content: Source, max_megapixels: float) -> Image.Image:
    """The original `content` of what a network takes, in RGB; without `spec` any image; of bands see `inputs.shown`.

    Raises `UserError` where the network takes no images, and as `decode_image` does.
    """
    if spec is None or (isinstance(spec, ImageInput) and spec.is_rgb):
        return decode_image(content, max_megapixels=max_megapixels, shown=shown_range(spec) if spec else None)
    picture = shown(spec, content, max_megapixels)
    if picture is None:
        raise UserError(f"{spec.summary} cannot be shown, so nothing is drawn on them; take the result's to_json()")
    return picture
