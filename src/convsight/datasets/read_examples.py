"""Splits to examples: every image decoded once, unreadable ones reported by name, and left out if so wished."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from convsight.datasets.checks import check_judgeable
from convsight.datasets.dataset import Split
from convsight.datasets.decoded import Unreadable
from convsight.datasets.examples import Examples
from convsight.datasets.image_store import ImageStore
from convsight.datasets.pixel_file import place_for_pixels
from convsight.errors import UserError
from convsight.inputs import InputSpec
from convsight.progress import Listener

_LISTED = 20  # images named in a message


class ReadSplit(NamedTuple):
    """What can be read of a split, and its examples, in the same order."""

    split: Split
    examples: Examples


def read_examples(
    source: str,
    splits: Mapping[str, Split],
    spec: InputSpec,
    listener: Listener,
    *,
    skip_unreadable: bool,
    workers: int,
    max_megapixels: float,
    on_disk: bool = False,
) -> dict[str, ReadSplit]:
    """Decode and fit every image of `splits`, those of the data at `source`, in `workers` threads.

    What does not fit into memory is kept `on_disk` if so wished, since it is read often, and that is said.

    Raises `UserError` that lists the unreadable ones, unless they are to be skipped: then it is said that they are left
    out. It is raised too where none of a split can be read, or too little is left of it to judge by.
    """
    fitted: dict[str, ImageStore] = {}
    unreadable: dict[str, list[Unreadable]] = {}
    with listener.counting("reading images", sum(map(len, splits.values()))) as advance:
        for name, split in splits.items():
            fitted[name], unreadable[name] = ImageStore.read(
                split, spec, workers=workers, max_megapixels=max_megapixels, on_disk=on_disk, progress=advance
            )
    if on_disk:
        _tell_kept(fitted.values(), listener)
    _report([bad for found in unreadable.values() for bad in found], skip_unreadable, listener)
    readable = {name: _readable(source, split, unreadable[name]) for name, split in splits.items()}
    _tell_remarks(fitted, readable, listener)
    return {name: ReadSplit(split, Examples(fitted[name], split.targets)) for name, split in readable.items()}


def _readable(source: str, split: Split, unreadable: Sequence[Unreadable]) -> Split:
    if not unreadable:
        return split
    if len(unreadable) == len(split):
        raise UserError(f"{source}: no image of the split {split.name!r} can be read")
    left = split.without([bad.position for bad in unreadable])
    check_judgeable(source, left)
    return left


def _tell_kept(stores: Iterable[ImageStore], listener: Listener) -> None:
    """Say where images are that do not fit into memory."""
    size = {place: sum(store.bytes for store in stores if store.kept == place) / 2**30 for place in ("disk", "nowhere")}
    place = place_for_pixels()
    if size["disk"]:
        listener.say(
            f"decoded images are kept in a file in {place} ({size['disk']:,.1f} GiB), since memory has no room for "
            "them; it goes when the training ends, however it ends; the variable TMPDIR names another place"
        )
    if size["nowhere"]:
        listener.say(
            f"note: images are decoded again in every epoch, since neither memory nor {place} has room for "
            f"{size['nowhere']:,.1f} GiB; the variable TMPDIR names another place"
        )


def _tell_remarks(fitted: Mapping[str, ImageStore], splits: Mapping[str, Split], listener: Listener) -> None:
    """Say what is wrong with images that could be read all the same."""
    lines = [
        f"  {splits[name].names[row]}: {remark}"
        for name, store in fitted.items()
        for row, remark in store.remarks.items()
    ]
    if lines:
        count = f"{len(lines):,} image{'s' if len(lines) > 1 else ''}"
        more = [f"  and {len(lines) - _LISTED:,} more"] if len(lines) > _LISTED else []
        listener.say("\n".join([f"note: {count} could be read, but not as they should be:", *lines[:_LISTED], *more]))


def _report(unreadable: Sequence[Unreadable], skip: bool, listener: Listener) -> None:
    """Say which images are left out, if they are to be skipped; else raise `UserError` with the same list."""
    if not unreadable:
        return
    lines = [f"  {bad.name}: {bad.reason}" for bad in unreadable[:_LISTED]]
    if len(unreadable) > _LISTED:
        lines.append(f"  and {len(unreadable) - _LISTED} more")
    count = f"{len(unreadable)} image{'s' if len(unreadable) > 1 else ''}"
    listing = "\n".join(lines)
    if not skip:
        raise UserError(
            f"{count} cannot be read:\n{listing}\nmend or remove them, or leave them out: --skip-unreadable"
        )
    listener.say(f"{count} left out, since unreadable:\n{listing}")
