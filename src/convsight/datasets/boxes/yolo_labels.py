"""The text files of YOLO: a box or an outline a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convsight.datasets.boxes.annotated import AnnotatedBox
from convsight.datasets.boxes.outlines import Outline, outline_area
from convsight.errors import UserError
from convsight.words import quoted

_MAX = 2.0  # a larger coordinate is no fraction of a side, not even of a box over the edge


@dataclass
class Lines:
    """Reads label files by the classes `names`, and counts what was seen."""

    names: Mapping[int, str]
    keypoints: bool
    with_outlines: bool = False
    files: int = 0
    missing: int = 0
    outlines: int = 0

    def read(self, file: Path, size: tuple[int, int]) -> list[AnnotatedBox]:
        """The boxes in `file`, in pixels of an image of `size` (width, height); none where there is no file."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            self.missing += 1
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {file}: {error}") from error
        self.files += 1
        lines = enumerate(text.splitlines(), start=1)
        return [self._box(file, f"line {number}", line.split(), size) for number, line in lines if line.strip()]

    def notes(self) -> list[str]:
        """Remarks on what was read."""
        notes = []
        if self.missing:
            notes.append(f"images without a label file count as images without boxes: {self.missing:,}")
        if self.outlines and not self.with_outlines:
            notes.append(f"outlines, of which the bounding box was taken: {self.outlines:,}")
        return notes

    def _box(self, file: Path, place: str, fields: Sequence[str], size: tuple[int, int]) -> AnnotatedBox:
        where = f"{file}, {place}"
        if self.keypoints:
            fields = fields[:5]
        if len(fields) != 5 and (len(fields) < 7 or len(fields) % 2 == 0):
            raise UserError(
                f"{where}: {len(fields)} fields; expected 5 (class, cx, cy, width, height), or a class and the x, y of "
                "three corners or more"
            )
        label = self._label(where, _number(where, fields[0]), fields[0])
        numbers = [_fraction(where, field) for field in fields[1:]]
        width, height = size
        if len(fields) == 5:
            x, y, half_width, half_height = numbers[0], numbers[1], numbers[2] / 2, numbers[3] / 2
            left, top, right, bottom = x - half_width, y - half_height, x + half_width, y + half_height
            return AnnotatedBox(place, label, (left * width, top * height, right * width, bottom * height))
        self.outlines += 1
        corners = np.array(numbers).reshape(-1, 2) * size
        left, top = corners.min(axis=0).tolist()
        right, bottom = corners.max(axis=0).tolist()
        outline = Outline((corners,)) if self.with_outlines else None
        return AnnotatedBox(place, label, (left, top, right, bottom), area=outline_area(corners), outline=outline)

    def _label(self, where: str, number: float, text: str) -> str:
        if number not in self.names:
            known = sorted(self.names)
            span = f"{known[0]} to {known[-1]}" if known else "none"
            raise UserError(f"{where}: there is no class {text}; data.yaml names {span}")
        return self.names[int(number)]


def _number(where: str, field: str) -> float:
    try:
        return float(field)
    except ValueError:
        raise UserError(f"{where}: {quoted(field)} is not a number; correct it") from None


def _fraction(where: str, field: str) -> float:
    number = _number(where, field)
    if abs(number) > _MAX:
        raise UserError(f"{where}: {field} is no fraction of a side (0 to 1); divide pixels by the side they are on")
    return number
