"""Every image of a split decoded once, in threads."""

from collections.abc import Callable, Sequence

import numpy as np

from convsight.datasets.decoded import Found, Unreadable, digest, is_grey, is_rgb
from convsight.datasets.stored_rows import Held, OnDemand, Whole
from convsight.datasets.threads import map_in_threads
from convsight.images import ImageError

_CHUNK, _LARGEST_CHUNK = 4, 64  # images a thread takes at a time: more of very many, of which each takes little
_MANY = 5_000


def decode_all(
    source: OnDemand, names: Sequence[str], held: Held | Whole | None, tell: Callable[[int], object]
) -> tuple[Found, list[Unreadable]]:
    """Decode each image, into `held` if there is such."""
    axes = len(source.spec.size_of(np.empty(source.spec.array_shape, np.uint8)))
    count = len(names)
    found = Found(np.zeros(count, np.bool_), np.zeros((count, axes), np.int32), np.zeros(count, np.uint64))
    rgb = is_rgb(source.spec)

    def decode(rows: range) -> tuple[int, list[Unreadable]]:
        bad = []
        for row in rows:
            try:
                image = source.load(row)
            except ImageError as error:
                bad.append(Unreadable(row, names[row], str(error)))
                continue
            found.grey[row] = rgb and is_grey(image.array)
            found.sizes[row] = image.size
            found.digests[row] = digest(image.array, image.size, bool(found.grey[row]))
            if image.remark:
                found.remarks[row] = image.remark
            if held is not None:
                held.put(row, image.array)
        return len(rows), bad

    unreadable: list[Unreadable] = []
    chunk = _CHUNK if len(names) < _MANY else _LARGEST_CHUNK
    chunks = (range(start, min(start + chunk, len(names))) for start in range(0, len(names), chunk))
    for count, bad in map_in_threads(decode, chunks, source.workers):
        unreadable += bad
        tell(count)
    return found, unreadable
