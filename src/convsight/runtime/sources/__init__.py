"""Where images come from: files, folders, patterns, URLs, videos, standard input; all become a stream of items."""

from convsight.runtime.sources.item import Item
from convsight.runtime.sources.resolve import read_sources

__all__ = ["Item", "read_sources"]
