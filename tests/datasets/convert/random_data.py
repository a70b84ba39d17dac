"""Random data with boxes, for the tests of conversions."""

import numpy as np
from hypothesis import strategies as st

from convsight.datasets import Dataset, Split
from convsight.results import Boxes, BoxLists
from convsight.targets import Classes

# What spreadsheets, XML, YAML and JSON each could take for something of their own.
CLASSES = ("0", "No", "a, b", "cat", "dog: 'big'", "<fox>", "é & ü", "null")
SIZE = (40, 30)


@st.composite
def datasets(draw: st.DrawFn, *, plain: bool) -> Dataset:
    """Images of 40 x 30 px in one to three splits, or uncut; without flags and areas of their own if `plain`."""
    names = draw(st.sampled_from([("all",), ("train",), ("train", "test"), ("train", "val", "test")]))
    splits: dict[str, Split] = {}
    number = 0
    for name in names:
        lists = [draw(_boxes(plain=plain)) for _ in range(draw(st.integers(1, 3)))]
        if not splits:  # every class is used
            corners = [(0, 0, 10 + index, 20) for index in range(len(CLASSES))]
            lists[0] = Boxes.of(CLASSES, SIZE, corners, range(len(CLASSES)))
        pixels = np.zeros((len(lists), SIZE[1], SIZE[0], 3), np.uint8)
        splits[name] = Split(name, pixels, BoxLists(lists, CLASSES), [f"p{number + row}" for row in range(len(lists))])
        number += len(lists)
    return Dataset("random", "random", "detection", Classes(names=CLASSES), splits)


@st.composite
def _boxes(draw: st.DrawFn, *, plain: bool) -> Boxes:
    count = draw(st.integers(0, 4))
    starts = np.array(draw(st.lists(_corner(0, 0.9), min_size=count, max_size=count))).reshape(-1, 2)
    shares = np.array(draw(st.lists(_corner(0.05, 1), min_size=count, max_size=count))).reshape(-1, 2)
    corners = np.concatenate([starts, starts + shares * (1 - starts)], axis=1) * (*SIZE, *SIZE)
    labels = draw(st.lists(st.integers(0, len(CLASSES) - 1), min_size=count, max_size=count))
    if plain:
        return Boxes.of(CLASSES, SIZE, corners, labels)
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    areas = draw(st.lists(st.floats(0.5, 1e4), min_size=count, max_size=count))
    return Boxes.of(CLASSES, SIZE, corners, labels, crowd=draw(flags), difficult=draw(flags), areas=areas)


def _corner(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(low, high), st.floats(low, high))
