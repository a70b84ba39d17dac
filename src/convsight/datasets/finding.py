"""`Finding`: something about data that its owner should know, with the images it is about."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from convsight.words import first_few

# What is certain and spoils a result; what may do so, but a person must judge; what is good to know.
Level = Literal["wrong", "suspicion", "remark"]


class ImageName(NamedTuple):
    """An image: its split, its name there, and its target as one line of text."""

    split: str
    name: str
    truth: str


class Entry(NamedTuple):
    """One case of a finding: the images that belong together, or none, and words about them."""

    images: tuple[ImageName, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What was found, in words with its count, and every case of it."""

    kind: str
    level: Level
    words: str
    entries: tuple[Entry, ...]

    @property
    def brief(self) -> str:
        """The words with the first cases, in one line."""
        cases = [", ".join([*(image.name for image in entry.images), entry.note]) for entry in self.entries]
        return f"{self.words} ({first_few(cases, most=2)})" if cases else self.words

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values, with all of its images."""
        entries = [
            {"pictures": [image._asdict() for image in entry.images], "note": entry.note} for entry in self.entries
        ]
        return {"kind": self.kind, "level": self.level, "words": self.words, "entries": entries}
