"""`audit`: every image of a data set looked at once, and what was found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from convsight.datasets.audit.balance import class_counts, find_imbalance
from convsight.datasets.audit.bands import find_odd_bands
from convsight.datasets.audit.doubtful import find_doubtful, find_few_bits
from convsight.datasets.audit.duplicates import find_duplicates
from convsight.datasets.audit.image_index import ImageIndex
from convsight.datasets.audit.lookalikes import find_lookalikes, too_small
from convsight.datasets.audit.masks import has_masks, sound_masks
from convsight.datasets.audit.placeholders import find_placeholders
from convsight.datasets.audit.sizes import Sizes, find_odd_images
from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding
from convsight.progress import Listener
from convsight.words import counted


@dataclass(frozen=True)
class Audit:
    """What there is to know of a data set before anything is trained on it.

    `splits` are images by split, `counts` those that show each class. `sizes` is None where no image could be
    read, `notes` say what was not looked at.
    """

    data: str
    images: int
    splits: dict[str, int]
    counts: dict[str, dict[str, int]]
    sizes: Sizes | None
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> bool:
        """Whether something was found that is certain and spoils a result."""
        return any(finding.level == "wrong" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON values; nothing is left out."""
        return {
            "data": self.data,
            "pictures": self.images,
            "splits": self.splits,
            "counts": self.counts,
            "sizes": self.sizes.to_json() if self.sizes else None,
            "notes": list(self.notes),
            "findings": [finding.to_json() for finding in self.findings],
            "wrong": self.wrong,
        }


def audit(dataset: Dataset, listener: Listener, *, workers: int = 2, max_megapixels: float = 100.0) -> Audit:
    """Look at every image of `dataset` once; `workers` threads decode, of which each holds one image at a time.

    Images over `max_megapixels` count as unreadable. Of data with masks these are looked at first; an image whose mask
    cannot be used is named with it, and not looked at.
    """
    total = sum(len(split) for split in dataset.splits.values())
    images = {name: len(split) for name, split in dataset.splits.items()}
    of_masks: tuple[Finding, ...] = ()
    if has_masks(dataset):
        with listener.counting("looking at masks", total) as advance:
            sound, of_masks = sound_masks(dataset, workers, advance)
        if sound is None:
            return Audit(dataset.source, total, images, {name: {} for name in images}, None, (), of_masks)
        dataset, total = sound, sum(len(split) for split in sound.splits.values())
    with listener.counting("looking at images", total) as advance:
        index = ImageIndex.read(dataset, workers, max_megapixels, advance)
    findings = (
        *_unreadable(index),
        *find_doubtful(index),
        *of_masks,
        *dataset.findings,
        *find_duplicates(index, dataset),
        *find_lookalikes(index),
        *find_imbalance(dataset),
        *find_odd_images(index),
        *find_placeholders(dataset, index),
        *find_few_bits(index),
        *find_odd_bands(index),
    )
    note = too_small(index)
    return Audit(
        data=dataset.source,
        images=sum(images.values()),
        splits=images,
        counts=class_counts(dataset),
        sizes=Sizes.of(index),
        notes=(note,) if note else (),
        findings=findings,
    )


def _unreadable(index: ImageIndex) -> Iterator[Finding]:
    if index.reasons:
        entries = tuple(Entry((index.names[row],), reason) for row, reason in index.reasons.items())
        yield Finding("unreadable", "wrong", f"{counted(len(entries), 'image')} cannot be read", entries)
