"""`Samples`: some pictures of a data set, to pick from."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from convsight.card import Card
from convsight.datasets import read_for
from convsight.errors import UserError
from convsight.explain.importance_map import png
from convsight.images import ImageError, Source
from convsight.inputs import ImageInput
from convsight.runtime.evaluate import judged_split, own_data
from convsight.runtime.original import original_picture
from convsight.runtime.sources import Item, read_sources
from convsight.runtime.sources.resolve import video_named
from convsight.runtime.sources.standard_input import NAME as STANDARD_INPUT
from convsight.runtime.sources.video_source import video_of
from convsight.spread import evenly
from convsight.tasks.adoption import data_for
from convsight.words import in_utf8

MOST = 24


@dataclass(frozen=True)
class Sample:
    """A picture by `name`, and what it shows in truth, where that is a class."""

    item: Item
    truth: str | None = None

    @property
    def name(self) -> str:
        """The name that people are told, which JSON can hold."""
        return in_utf8(self.item.name)

    def file(self, spec: ImageInput, max_megapixels: float) -> bytes:
        """Its file as it is; of what is in memory a PNG, or of bands, which that cannot hold, an array (`.npy`).

        Raises `ImageError`, naming it, where it is not to be had.
        """
        content = self.item.load()
        if isinstance(content, bytes):
            return content
        if isinstance(content, Path):
            try:
                return content.read_bytes()
            except OSError as error:
                reason = error.strerror or error
                raise ImageError(f"cannot read {self.name}: {reason}; check it, or leave it out") from error
        if spec.is_rgb:
            return png(original_picture(spec, content, max_megapixels))
        file = BytesIO()
        np.save(file, np.asarray(content), allow_pickle=False)
        return file.getvalue()


def samples_of(name: str, card: Card, data: str | None, most: int = MOST) -> list[Sample]:
    """At most `most` pictures, evenly spread, of `data`, by default of what the run called `name` was judged on.

    `data` may also be pictures of which nothing is known: a folder, a file, a pattern. Raises `UserError` where there
    are none.
    """
    try:
        dataset = (
            own_data(name, card)[0] if data is None else read_for(data_for(data, card.task), card.task, card.target)
        )
    except UserError:
        if data is None:
            raise
        return pictures_in(data, most)[0]
    split = judged_split(dataset)
    # One class after the other is how many data sets lie, so even steps meet most of them.
    return [
        _sample(split.names[n], split.images[n], split.targets[n].to_json()) for n in map(int, evenly(len(split), most))
    ]


def _sample(name: str, content: Source, truth: dict[str, Any]) -> Sample:
    labels = [each["name"] for each in truth.get("labels", ()) if each.get("probability") == 1]
    return Sample(Item(name, lambda: content), ", ".join(labels) or None)


def pictures_in(data: str, most: int) -> tuple[list[Sample], int]:
    """At most `most` pictures, evenly spread, of a folder, a file or a pattern, and how many there are in all.

    None of them is read. Raises `UserError` where there are none, and for what cannot be looked at again later:
    standard input, and videos, whose frames are held from when they are found.
    """
    if data == STANDARD_INPUT:
        raise UserError(f"explore looks at pictures again and again, and reads {data} once; name a folder or files")
    if video := video_named(data):
        raise UserError(_no_videos(video.name))
    items = []
    for item in read_sources([data]):
        if found := video_of(item.name):
            raise UserError(_no_videos(found))
        items.append(item)
    if not items:
        raise UserError(f"{data}: no pictures are there")
    return [Sample(items[n]) for n in evenly(len(items), most).tolist()], len(items)


def _no_videos(name: str) -> str:
    return f"explore takes pictures, and {name} is a video; save some of its frames as pictures and name their folder"
