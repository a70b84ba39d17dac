"""Any image file to RGB uint8, and the one way it is fitted to a network's size."""

from convsight.images.bands import Bands, read_bands, require_rasterio, shown_bands
from convsight.images.bands import Wanted as BandsWanted
from convsight.images.decode import (
    Decoded,
    Source,
    decode_image,
    decoding,
    image_size,
    is_decoded_alone,
    is_deep_file,
    name_of,
    value_extent,
)
from convsight.images.deep import Extent, ValueRange, fitting_range
from convsight.images.errors import ImageError, TooLargeError
from convsight.images.formats import IMAGE_SUFFIXES, VOLUME_SUFFIXES, is_image_file, is_image_name, unpacking
from convsight.images.geotiff import Georeference, georeference_of, geotiff
from convsight.images.input_size import InputSize, ResizeFilter, ResizeMode
from convsight.images.load import FittedImage, load_image
from convsight.images.nifti import (
    VolumeHeader,
    VolumeSpace,
    apart,
    is_nifti,
    is_volume_name,
    nifti_mask,
    nifti_volume,
    read_nifti,
    volume_header,
    volume_space,
)
from convsight.images.orientation import UPRIGHT, is_lying, turn_values
from convsight.images.plain_jpeg import content_of_small
from convsight.images.raw_values import RawValues, image_orientation, raw_values
from convsight.images.regular_file import opened_file
from convsight.images.resize import fit_planes, resize_image
from convsight.images.system_folders import is_system_folder, left_out_words
from convsight.images.tiff_header import TIFF_SUFFIXES, TiffHeader, is_tiff_source, tiff_header
from convsight.images.tiff_rows import RowsWanted, TiffRows, opened_rows

__all__ = [
    "IMAGE_SUFFIXES",
    "TIFF_SUFFIXES",
    "UPRIGHT",
    "VOLUME_SUFFIXES",
    "Bands",
    "BandsWanted",
    "Decoded",
    "Extent",
    "FittedImage",
    "Georeference",
    "ImageError",
    "InputSize",
    "RawValues",
    "ResizeFilter",
    "ResizeMode",
    "RowsWanted",
    "Source",
    "TiffHeader",
    "TiffRows",
    "TooLargeError",
    "ValueRange",
    "VolumeHeader",
    "VolumeSpace",
    "apart",
    "content_of_small",
    "decode_image",
    "decoding",
    "fit_planes",
    "fitting_range",
    "georeference_of",
    "geotiff",
    "image_orientation",
    "image_size",
    "is_decoded_alone",
    "is_deep_file",
    "is_image_file",
    "is_image_name",
    "is_lying",
    "is_nifti",
    "is_system_folder",
    "is_tiff_source",
    "is_volume_name",
    "left_out_words",
    "load_image",
    "name_of",
    "nifti_mask",
    "nifti_volume",
    "opened_file",
    "opened_rows",
    "raw_values",
    "read_bands",
    "read_nifti",
    "require_rasterio",
    "resize_image",
    "shown_bands",
    "tiff_header",
    "turn_values",
    "unpacking",
    "value_extent",
    "volume_header",
    "volume_space",
]
