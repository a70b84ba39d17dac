"""The verb `card`: weights and classes of one's own, and what images they expect, as a model folder."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.images import InputSize, ResizeFilter, ResizeMode
from convsight.nets.keras.archive import is_keras_file
from convsight.nets.keras.entry import load_keras
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.weights import Weights, origin_of
from convsight.nets.weights import card_of as card_in
from convsight.new_folder import new_folder
from convsight.pretrained.folder import write_network
from convsight.pretrained.network import Network, Statistics, card_of
from convsight.pretrained.published import find_published
from convsight.progress import Listener
from convsight.run import RUNS
from convsight.tasks.capabilities import Published
from convsight.words import first_few

_LISTED = 4  # classes in a message


@dataclass(frozen=True)
class OwnImages:
    """How images were prepared for weights; what is None is as the network's library prepares its own.

    `size` is the side in px, `shorter` that of the shorter side before the middle is cut out; `mean` and `std` are in
    0..1, a number a channel, with commas between.
    """

    size: int | None = None
    shorter: int | None = None
    fit: ResizeMode | None = None
    filter: ResizeFilter | None = None
    mean: str | None = None
    std: str | None = None


def put_card(
    weights: Path, net: str, classes: str, images: OwnImages, to: Path | None, listener: Listener
) -> tuple[Path, Card]:
    """Make a model folder, by default `runs/NAME` after the file, of a file of weights; returns it and its card.

    Raises `UserError` where the weights are not those of `net` for as many classes, where nobody knows what images they
    expect, and where the folder holds something.
    """
    network = own_network(weights, net, read_classes(classes), images)
    folder = to or RUNS / weights.stem
    with new_folder(folder) as draft:
        card = write_network(draft, network, listener)
    return folder, card


def own_network(weights: Path, net: str, classes: Sequence[str], images: OwnImages) -> Network:
    """The network called `net` with the weights in a file, which tell `classes` in this order."""
    if not weights.is_file():
        raise UserError(f"{weights}: there is no such file of weights")
    if card_in(weights) is not None:
        raise UserError(f"{weights} has a card already; every verb takes it as it is")
    task, published = find_published(net)
    statistics, taken = _statistics(published, images)
    size = _size(published, images)
    card = card_of(task, published, tuple(classes), size, statistics, origin_of(weights))
    notes = (
        f"images: {card.input.summary}, fit {size.fit}, {size.filter}; mean {_listed(statistics.mean)}, "
        f"std {_listed(statistics.std)}{taken}",
    )
    return Network(card, partial(_read, weights, statistics), notes)


def read_classes(words: str) -> tuple[str, ...]:
    """The names of classes in `words`: a text file with one a line, or the names with commas between.

    >>> read_classes("cat, dog")
    ('cat', 'dog')
    """
    file = Path(words)
    if "," not in words and file.is_file():
        try:
            names = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {file}: {error}; expected a text file with one class a line") from error
        while names and not names[-1]:
            names.pop()
    else:
        names = [name.strip() for name in words.split(",")]
    if "" in names:
        raise UserError(
            f"--classes {words}: name {names.index('') + 1} is empty; give one name a class, in their order"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or len(names) < 2:
        why = f"{first_few(twice, _LISTED)} is there twice" if twice else "that is one name"
        raise UserError(f"--classes {words}: {why}; give a name for each output, with commas between, or a text file")
    return tuple(names)


def _read(file: Path, statistics: Statistics) -> Weights:
    tensors = load_keras(file).state_dict() if is_keras_file(str(file)) else read_state_dict(file)
    return Weights(origin_of(file), tensors, statistics.mean, statistics.std)


def _size(published: Published, images: OwnImages) -> InputSize:
    usual = next((each.size for each in published.weights if each.size), published.size)
    fit = images.fit or usual.fit
    side = images.size
    # What is cut out of what belongs together: with another size or fit the library's says nothing.
    shorter = images.shorter or (usual.shorter if images.size is None and images.fit is None else None)
    if shorter and fit != "crop":
        raise UserError(f"--shorter {shorter} is of --fit crop, which cuts the middle out; leave one of them out")
    return InputSize(side or usual.height, side or usual.width, fit, shorter, images.filter or usual.filter)


def _statistics(published: Published, images: OwnImages) -> tuple[Statistics, str]:
    """Mean and deviation, and where they come from, in words."""
    if images.mean is not None and images.std is not None:
        return Statistics(_numbers("--mean", images.mean), _numbers("--std", images.std)), ""
    if images.mean is not None or images.std is not None:
        raise UserError("--mean and --std belong together: give both, in 0..1, a number a channel")
    if not published.weights:
        raise UserError(
            f"nobody says what images {published.net} was trained on: give --mean and --std, in 0..1, a number a "
            "channel (0 and 1 where pixels were only divided by 255)"
        )
    usual = published.weights[0]
    return Statistics(usual.mean, usual.std), f" (those of {usual.source}; say otherwise with --mean and --std)"


def _numbers(option: str, words: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in re.split(r"[,\s]+", words.strip()))
    except ValueError:
        raise UserError(f"{option} {words}: give numbers in 0..1, one a channel, such as 0.485,0.456,0.406") from None


def _listed(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)
