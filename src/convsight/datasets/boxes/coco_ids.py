"""Which ids COCO's files give images and categories; without such a file, what names tell."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from convsight.datasets.names import class_name
from convsight.errors import UserError, unknown_name

Id = int | str


@dataclass
class Ids:
    """Which id an image (by the name of its file) and a category (by its name) have: those of a COCO file if given.

    Without such a file, an image is the number that its name ends in, as COCO's own are called, else its name; a
    category is its place among the classes, counted from 1. No two images are given one id.
    """

    source: Path | None = None
    images: Mapping[str, Id] = field(default_factory=dict)
    categories: Mapping[str, Id] = field(default_factory=dict)
    given: dict[Id, str] = field(default_factory=dict)  # id -> file, of all images so far

    def image(self, file: str) -> Id:
        """The id of the image in `file`; raises `UserError` where it has none, or another image has it.

        >>> ids = Ids()
        >>> ids.image("val2017/000000000139.jpg"), ids.image("cat.jpg"), ids.image("clip.mp4#frame=12")
        (139, 'cat', 'clip.mp4#frame=12')
        """
        found = self._image(file)
        if self.given.setdefault(found, file) != file:
            raise UserError(f"{file} and {self.given[found]} would both be image_id {found}: name ids with --coco-ids")
        return found

    def _image(self, file: str) -> Id:
        path = PurePath(file)
        if self.source is not None:
            if path.name not in self.images:
                raise UserError(f"{self.source} lists no image called {path.name}; leave it out, or name another file")
            return self.images[path.name]
        if "#" in path.name:  # a frame of a video
            return path.name
        number = re.search(r"[0-9]+$", path.stem)
        return int(number[0]) if number else path.stem

    def category(self, name: str, classes: tuple[str, ...]) -> Id:
        """The id of the class called `name`; raises `UserError` where the COCO file has none."""
        if self.source is None:
            return classes.index(name) + 1
        if name not in self.categories:
            raise UserError(f"{self.source}: {unknown_name('category', name, self.categories)}")
        return self.categories[name]


def read_ids(file: Path) -> Ids:
    """The ids in a COCO annotation file; raises `UserError` where it is none."""
    try:
        document = json.loads(file.read_bytes())
        images = {PurePath(image["file_name"]).name: image["id"] for image in document["images"]}
        categories = {class_name(category["name"]): category["id"] for category in document["categories"]}
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} is no COCO annotation file with images and categories: {error}") from error
    return Ids(file, images, categories)
