"""Any picture file to RGB uint8, and the one way it is fitted to a network's size."""

from convsight.images.decode import Source, picture_size, read_picture
from convsight.images.errors import PictureError
from convsight.images.formats import PICTURE_SUFFIXES, is_picture_file
from convsight.images.input_size import Fit, Frame
from convsight.images.load import FittedPicture, load_picture
from convsight.images.resize import fit_picture, fit_planes

__all__ = [
    "PICTURE_SUFFIXES",
    "Fit",
    "FittedPicture",
    "Frame",
    "PictureError",
    "Source",
    "fit_picture",
    "fit_planes",
    "is_picture_file",
    "load_picture",
    "picture_size",
    "read_picture",
]
