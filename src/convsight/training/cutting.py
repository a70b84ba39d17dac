"""The cut into splits: made by names before any image is read, and again where it parted images that are equal."""

from dataclasses import dataclass, replace

import numpy as np

from convsight.datasets import Dataset, Examples, ImageStore, cut_splits
from convsight.datasets.audit.lookalikes import alike
from convsight.datasets.together import Together, equal_images, grouped, in_words, joined, parted, shared
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.settings import TrainSettings
from convsight.training.data import Prepared
from convsight.words import counted


@dataclass(frozen=True)
class Source:
    """Data as they were read, and which of their images belong together as the user said."""

    data: Dataset
    together: Together

    @classmethod
    def of(cls, data: Dataset, settings: TrainSettings, listener: Listener) -> "Source":
        """`data`, read with the column that `settings` name; where lookalikes are asked for, all images are read."""
        reasons, notes = [], list(data.notes)
        if settings.group is not None:
            found, words = grouped(data, settings.group)
            reasons.append(found)
            notes.append(words)
        if settings.group_lookalikes:
            with listener.counting("looking at images", sum(map(len, data.splits.values()))) as advance:
                found = alike(data, settings.workers, settings.max_megapixels, advance)
            reasons.append(found)
            notes.append(f"{counted(len(found), 'image')} look like others; no such group is cut")
        return cls(replace(data, notes=tuple(notes)), joined(*reasons))

    def cut(self, settings: TrainSettings, equal: Together | None = None) -> Dataset:
        """The data in train, val and test; `equal` images stay together too."""
        together = joined(self.together, equal) if equal else self.together
        return cut_splits(self.data, settings.val_fraction, settings.test_fraction, settings.seed, together)


def keep_together(
    source: Source, dataset: Dataset, prepared: Prepared, settings: TrainSettings, listener: Listener
) -> tuple[Dataset, Prepared]:
    """`dataset`, cut from `source` by names alone, and what was read of it: cut again if equal images were parted.

    What is shared by splits all the same, since they were given so, is said with its numbers. Nothing is decoded again.
    """
    digests = digests_by_name(prepared)
    equal = equal_images(list(digests), np.array(list(digests.values()), np.uint64))
    cut = [name for name in dataset.splits if dataset.splits[name] is not source.data.splits.get(name)]
    if parted({name: dataset.splits[name] for name in cut}, equal):
        try:
            dataset = source.cut(settings, equal)
        except UserError:
            listener.say("note: equal images are cut into different splits, since too few images differ")
        else:
            prepared = _rearranged(prepared, dataset, cut)
            counts = ", ".join(f"{len(prepared.examples[name]):,} {name}" for name in cut)
            groups = counted(len(set(equal.values())), "group")
            listener.say(
                f"note: {len(equal):,} images are equal to others ({groups}), and no such group is cut: {counts}"
            )
    splits = prepared.dataset.splits
    for line in (
        *in_words(shared(splits, equal), splits, "pixel for pixel those of"),
        *in_words(shared(splits, source.together), splits, "of one group with images of"),
    ):
        listener.say(f"note: {line}")
    return dataset, prepared


def digests_by_name(prepared: Prepared) -> dict[str, int]:
    """The digest of every image that could be read: see `ImageStore.digests`."""
    return {
        image: digest
        for name, split in prepared.dataset.splits.items()
        for image, digest in zip(split.names, prepared.examples[name].images.digests.tolist(), strict=True)
    }


def _rearranged(prepared: Prepared, dataset: Dataset, cut: list[str]) -> Prepared:
    """The same images in the splits of `dataset`, which differ from those before in the ones named in `cut`."""
    store = ImageStore.joined([prepared.examples[name].images for name in cut])
    names = [image for name in cut for image in prepared.dataset.splits[name].names]
    place = {image: position for position, image in enumerate(names)}
    splits, examples = dict(prepared.dataset.splits), dict(prepared.examples)
    for name in cut:
        split = dataset.splits[name]
        readable = np.array([row for row, image in enumerate(split.names) if image in place])
        splits[name] = split if len(readable) == len(split) else split.select(readable)
        positions = np.array([place[image] for image in splits[name].names])
        examples[name] = Examples(store.select(positions), splits[name].targets)
    return replace(prepared, dataset=dataset.with_splits(splits), examples=examples)
