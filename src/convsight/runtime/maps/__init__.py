"""One picture of any size to a file of its classes: a GeoTIFF, or outlines as GeoJSON."""

from pathlib import Path

GEOJSON = ".geojson"
MAP_SUFFIXES = (".tif", ".tiff", GEOJSON)


def is_map(path: Path) -> bool:
    """Whether `path` is called as a map is."""
    return path.suffix.lower() in MAP_SUFFIXES
