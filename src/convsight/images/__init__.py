"""Any image file to RGB uint8, and the one way it is fitted to a network's size."""

from convsight.images.decode import (
    Decoded,
    Source,
    decode_image,
    decoding,
    image_size,
    is_decoded_alone,
    is_deep_file,
    value_extent,
)
from convsight.images.deep import Extent, ValueRange, fitting_range
from convsight.images.errors import ImageError
from convsight.images.formats import IMAGE_SUFFIXES, is_image_file, is_image_name, unpacking
from convsight.images.input_size import InputSize, ResizeFilter, ResizeMode
from convsight.images.load import FittedImage, load_image
from convsight.images.orientation import UPRIGHT, is_lying, turn_values
from convsight.images.plain_jpeg import content_of_small
from convsight.images.raw_values import RawValues, image_orientation, raw_values
from convsight.images.resize import fit_planes, resize_image
from convsight.images.system_folders import is_system_folder, left_out_words

__all__ = [
    "IMAGE_SUFFIXES",
    "UPRIGHT",
    "Decoded",
    "Extent",
    "FittedImage",
    "ImageError",
    "InputSize",
    "RawValues",
    "ResizeFilter",
    "ResizeMode",
    "Source",
    "ValueRange",
    "content_of_small",
    "decode_image",
    "decoding",
    "fit_planes",
    "fitting_range",
    "image_orientation",
    "image_size",
    "is_decoded_alone",
    "is_deep_file",
    "is_image_file",
    "is_image_name",
    "is_lying",
    "is_system_folder",
    "left_out_words",
    "load_image",
    "raw_values",
    "resize_image",
    "turn_values",
    "unpacking",
    "value_extent",
]
