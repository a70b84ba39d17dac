"""Wrong predictions, collected while a network is judged: a table of all, and pictures of the worst."""

import heapq
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from convsight.datasets.examples import Examples
from convsight.files import write_atomic
from convsight.images import ImageError
from convsight.inputs.shown import shown
from convsight.new_folder import check_new, new_folder
from convsight.printing import csv_text
from convsight.results import Result
from convsight.results.mistakes import Mistake, compact, draw_mistakes, mistakes_of
from convsight.runtime.output_folder import safe_name

DRAWN = 1_000  # images of which pictures are made: a network that knows nothing would fill the disk
_QUALITY = 90  # of JPEG
_COLUMNS = (
    "rank",
    "picture",
    "part",
    "kind",
    "target",
    "prediction",
    "severity",
    "left",
    "top",
    "right",
    "bottom",
    "file",
)


class Wrong(NamedTuple):
    """An example that was predicted wrong: how badly, its position among the judged, and what was told of it."""

    badness: tuple[float, float]  # the severity of its worst mistake, and of all together
    position: int
    result: Result
    target: Result


class MistakeCollector:
    """Hears of each judged example; keeps all mistakes, and of the `most` worst examples their results."""

    def __init__(self, most: int = DRAWN) -> None:
        self._most = most
        self._worst: list[tuple[tuple[float, float], int, Wrong]] = []  # a heap, the least bad first
        self.mistakes: dict[int, list[Mistake]] = {}  # by position

    def take(self, position: int, target: Result, result: Result) -> None:
        """Take in the example at `position`, of which `result` was predicted."""
        found = mistakes_of(result, target)
        if not found:
            return
        self.mistakes[position] = found
        badness = _badness(found)
        if len(self._worst) >= self._most and (badness, -position) < self._worst[0][:2]:
            return
        wrong = Wrong(badness, position, compact(result), compact(target))
        entry = (wrong.badness, -position, wrong)  # of equally bad ones the first
        if len(self._worst) < self._most:
            heapq.heappush(self._worst, entry)
        else:
            heapq.heappushpop(self._worst, entry)

    @property
    def worst(self) -> list[Wrong]:
        """The worst examples, the worst first."""
        return [wrong for _, _, wrong in sorted(self._worst, key=lambda entry: entry[:2], reverse=True)]

    @property
    def order(self) -> list[int]:
        """The positions of all wrong examples, the worst first."""
        return sorted(self.mistakes, key=lambda each: (_badness(self.mistakes[each]), -each), reverse=True)


def _badness(found: Sequence[Mistake]) -> tuple[float, float]:
    """What examples are ordered by: the surest mistake, then all of them together."""
    return found[0].severity, sum(mistake.severity for mistake in found)


def check_place(place: Path) -> None:
    """Raise `UserError` where mistakes cannot be written to `place`: neither a .csv file nor a new folder."""
    if place.suffix.lower() != ".csv":
        check_new(place)


def write_mistakes(
    place: Path,
    found: MistakeCollector,
    examples: Examples,
    names: Sequence[str],
    parts: Sequence[str],
    max_megapixels: float,
) -> None:
    """Write a table to `place` where it ends in .csv; else a new folder with `mistakes.csv` and pictures.

    `names` and `parts` are, by position, those of the examples: how messages call each, and what it was to the network.
    The table has a row for each mistake, images in the order of their worst one, and what a picture is called.
    """
    if place.suffix.lower() == ".csv":
        write_atomic(place, mistakes_table(found, names, parts))
        return
    with new_folder(place) as folder:
        files: dict[int, str] = {}
        for rank, wrong in enumerate(found.worst, start=1):
            picture = picture_of(wrong, examples, max_megapixels)
            if picture is not None:
                files[wrong.position] = f"{rank:05d}-{safe_name(names[wrong.position])}.jpg"
                content = io.BytesIO()
                picture.save(content, "JPEG", quality=_QUALITY)
                (folder / files[wrong.position]).write_bytes(content.getvalue())
        (folder / "mistakes.csv").write_text(csv_text(_rows(found, names, parts, files)), encoding="utf-8")


def mistakes_table(found: MistakeCollector, names: Sequence[str], parts: Sequence[str]) -> str:
    """The mistakes as lines of CSV, without pictures; see `write_mistakes`."""
    return csv_text(_rows(found, names, parts, {}))


def picture_of(wrong: Wrong, examples: Examples, max_megapixels: float, side: int | None = None) -> Image.Image | None:
    """The original of an example with what is wrong drawn on it; None where it is no picture, or gone by now.

    With `side` its longer side has at most so many pixels, words around it aside.
    """
    try:
        image = shown(examples.images.spec, examples.images.source(wrong.position), max_megapixels)
    except ImageError:
        return None
    if image is None:
        return None
    if side is not None:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return draw_mistakes(wrong.result, wrong.target, image)


def _rows(
    found: MistakeCollector, names: Sequence[str], parts: Sequence[str], files: dict[int, str]
) -> Iterator[tuple[str | float, ...]]:
    yield _COLUMNS
    for rank, position in enumerate(found.order, start=1):
        for mistake in found.mistakes[position]:
            where = mistake.xyxy or ("",) * 4
            told = (mistake.kind, mistake.target, mistake.prediction, round(mistake.severity, 6))
            yield (rank, names[position], parts[position], *told, *where, files.get(position, ""))
