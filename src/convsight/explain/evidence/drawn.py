"""The pictures that a ranking is made on: some, by chance, of a data set, of files, or of what a run held back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convsight.card import Card
from convsight.datasets import Dataset, read_as_it_is
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.rng import shuffled
from convsight.runtime.evaluate import judged_split, own_data
from convsight.runtime.sources.resolve import read_sources


@dataclass(frozen=True)
class Drawn:
    """Pictures of `source`, as they were drawn: what each is called, and what `Model.predict` takes."""

    source: str
    names: Sequence[str]
    pictures: Sequence[Any]


def drawn_pictures(
    name: str | Path, data: str | Path | Dataset | None, card: Card, spec: ImageInput, count: int, seed: int = 0
) -> Drawn:
    """`count` pictures by chance, all where there are fewer; without `data` those of the run called `name`.

    Of a data set with splits they are the test's, else the validation's. Raises `UserError` where there are none.
    """
    dataset = own_data(name, card)[0] if data is None else _dataset(data)
    if dataset is None:
        items = list(read_sources([str(data)], is_file=spec.is_file))
        return _drawn(str(data), [item.name for item in items], items, count, seed)
    split = judged_split(dataset)
    return _drawn(dataset.source, split.names, split.images, count, seed)


def _dataset(data: str | Path | Dataset) -> Dataset | None:
    """The data set that `data` is; None where it is a file or a folder of pictures without answers."""
    try:
        return read_as_it_is(data)
    except UserError:
        if isinstance(data, Dataset) or not Path(data).exists():
            raise
        return None


def _drawn(source: str, names: Sequence[str], pictures: Any, count: int, seed: int) -> Drawn:
    places = shuffled(seed, 0, len(names))[:count].tolist()
    return Drawn(source, [names[place] for place in places], [pictures[place] for place in places])
