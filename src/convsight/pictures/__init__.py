"""Any picture file to RGB uint8, and the one way it is fitted to a network's size."""

from convsight.pictures.decode import Source, picture_size, read_picture
from convsight.pictures.errors import PictureError
from convsight.pictures.fit import fit_picture, fit_planes
from convsight.pictures.formats import PICTURE_SUFFIXES, is_picture_file
from convsight.pictures.frame import Fit, Frame
from convsight.pictures.load import FittedPicture, load_picture

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
