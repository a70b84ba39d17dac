"""How many pixels of each true class were taken for each class: what IoU, Dice and accuracy are made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.integer[Any]]
Counts = NDArray[np.int64]

_CHUNK = 1 << 20  # pixels counted at a time: what they need stays in the processor's cache
_BYTE = 256
_FEW = 8  # changes of class among so many pixels, under which runs are counted faster than pixels


def confusion(truth: Maps, found: Maps, classes: int, ignore_index: int | None = None) -> Counts:
    """Pixels of each true class (rows) by the class they were given (columns): (classes, classes + 1).

    `truth` and `found` are class indices of one shape, of a picture or a volume. Pixels whose truth is `ignore_index`
    are not judged. Those whose answer is `ignore_index` were given no class: they stand in the last column, wrong for
    the class that is true and for no other. Raises `ValueError` for maps of different shapes, and for an index that is
    neither a class nor ignored.

    >>> confusion(np.array([[0, 0, 1, 9]]), np.array([[0, 1, 1, 1]]), 2, ignore_index=9).tolist()
    [[1, 1, 0], [0, 1, 0]]
    """
    if truth.shape != found.shape:
        raise ValueError(f"a map of shape {found.shape} cannot be judged by a truth of shape {truth.shape}")
    true, given = truth.reshape(-1), found.reshape(-1)
    count = _count_bytes if truth.dtype == given.dtype == np.uint8 and classes < _BYTE else _count_any
    table = np.zeros((classes + 2, classes + 2), np.int64)
    for start in range(0, len(true), _CHUNK):
        some = slice(start, start + _CHUNK)
        table += count(true[some], given[some], classes, ignore_index)
    _check(table, truth, found, classes, ignore_index)
    return table[:classes, : classes + 1]


def _count_bytes(truth: Maps, found: Maps, classes: int, ignore_index: int | None) -> Counts:
    """The counts of one chunk: row and column `classes` are what is ignored, the last ones what is no index."""
    code = truth.astype(np.uint16)
    code <<= 8
    code |= found
    whole = _counted(code, _BYTE * _BYTE).reshape(_BYTE, _BYTE)
    return _folded(_folded(whole, classes, ignore_index).T, classes, ignore_index).T


def _folded(table: Counts, classes: int, ignore_index: int | None) -> Counts:
    """The rows of `table`, one a byte, as those of the classes, of what is ignored, and of all others together."""
    others = table[classes:].sum(axis=0)
    ignored = table[ignore_index] if ignore_index is not None and classes <= ignore_index < _BYTE else 0 * others
    return np.vstack([table[:classes], ignored, others - ignored])


def _count_any(truth: Maps, found: Maps, classes: int, ignore_index: int | None) -> Counts:
    """The same for indices of any width."""
    code = _few(truth, classes, ignore_index) * (classes + 2) + _few(found, classes, ignore_index)
    return _counted(code, (classes + 2) ** 2).reshape(classes + 2, classes + 2)


def _few(indices: Maps, classes: int, ignore_index: int | None) -> NDArray[np.int64]:
    wide = indices.astype(np.int64)
    known = np.where((wide >= 0) & (wide < classes), wide, classes + 1)
    return known if ignore_index is None else np.where(wide == ignore_index, classes, known)


def _counted(code: Maps, bins: int) -> Counts:
    """How often each number under `bins` occurs in `code`.

    Masks are patches, so that neighbours are mostly equal: then each run is counted at once, by its length.
    """
    changes = code[1:] != code[:-1]
    if np.count_nonzero(changes) * _FEW > len(code):
        return np.bincount(code, minlength=bins)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    lengths = np.diff(starts, append=len(code))
    return np.bincount(code[starts], lengths, bins).astype(np.int64)


def _check(table: Counts, truth: Maps, found: Maps, classes: int, ignore_index: int | None) -> None:
    for name, maps, others in (("truth", truth, table[-1].sum()), ("answer", found, table[:, -1].sum())):
        if others:
            known = np.arange(classes) if ignore_index is None else np.append(np.arange(classes), ignore_index)
            strange = np.setdiff1d(maps, known)
            none = "" if ignore_index is None else f" and {ignore_index} for none"
            raise ValueError(
                f"the {name} holds the index {strange[0]}, but there are the classes 0..{classes - 1}{none}"
            )
