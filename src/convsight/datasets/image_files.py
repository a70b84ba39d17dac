"""The image files in a folder and the folders in it."""

import os
from collections.abc import Iterator
from pathlib import Path

from convsight.images import is_image_name, is_system_folder
from convsight.natural_order import natural_key


def image_files(folder: Path, left_out: list[str] | None = None) -> Iterator[Path]:
    """The images in `folder`, then those of each folder in it, in natural order.

    Links to folders are not followed, pipes and devices are no images, and what cannot be looked into holds none.
    Folders that a system or file server made are left out, and added to `left_out`.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: natural_key(entry.name))
    except OSError:
        return
    yield from (Path(entry.path) for entry in entries if is_image_name(entry.name) and entry.is_file())
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            continue
        if not is_system_folder(entry.name):
            yield from image_files(Path(entry.path), left_out)
        elif left_out is not None:
            left_out.append(entry.path)
