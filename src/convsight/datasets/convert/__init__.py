"""Data with boxes written in another format: one file a format, and one that names and brings the images."""

from convsight.datasets.convert.convert import WRITERS, Converted, convert

__all__ = ["WRITERS", "Converted", "convert"]
