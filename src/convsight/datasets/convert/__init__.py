"""Data with boxes or masks written in another format: one file a format, and one that names and brings the images."""

from convsight.datasets.convert.convert import WRITERS, Converted, convert
from convsight.datasets.convert.convert_masks import MASK_WRITERS

__all__ = ["MASK_WRITERS", "WRITERS", "Converted", "convert"]
