"""Any image file to RGB uint8, and the one way it is fitted to a network's size."""

from convsight.images.decode import Source, decode_image, image_size, is_decoded_alone
from convsight.images.errors import ImageError
from convsight.images.formats import IMAGE_SUFFIXES, is_image_file
from convsight.images.input_size import InputSize, ResizeMode
from convsight.images.load import FittedImage, load_image
from convsight.images.resize import fit_planes, resize_image

__all__ = [
    "IMAGE_SUFFIXES",
    "FittedImage",
    "ImageError",
    "InputSize",
    "ResizeMode",
    "Source",
    "decode_image",
    "fit_planes",
    "image_size",
    "is_decoded_alone",
    "is_image_file",
    "load_image",
    "resize_image",
]
