"""Whether a planted shortcut is told, and none is told where there is none: trainings on sign digits.

One class of pictures gets a mark in a corner, in training, validation and test alike. Each training has its own seed,
and its own class and corner; as many trainings see the pictures as they are. Pictures are not varied: crops cut a
corner off and mirrors turn it, so that a network trained with them learns the hand instead (`--varied` shows it), and
what a network does not use is no shortcut of its.

    python benchmarks/explain.py shortcut SIGN_DIGITS --with-mark 10 --without 10
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from measuring import machine
from PIL import Image

import convsight
from convsight.explain.class_verb import ClassOptions, gather_classes
from convsight.explain.method import MethodOptions
from convsight.progress import Silent
from convsight.runtime.find_network import NetworkName

_SIDE = 100  # px of the pictures
_MARK = 16  # px of a mark's side
_EDGE = 4  # px from the mark to the edges
_COLOUR = (30, 30, 200)


class Told(NamedTuple):
    """What came of one training: its test accuracy, the shortcuts told, and whether the planted one is among them.

    `beside` are parts of things, which give a class away and are no shortcut, and what was tried of a marked class.
    """

    accuracy: float
    shortcuts: list[str]
    right: bool
    beside: list[str]


def planted(source: Path, out: Path, marked: str | None, corner: int) -> Path:
    """The pictures of `source` of one size, those of the class called `marked` with a mark in a corner (0 to 3)."""
    far = _SIDE - _EDGE - _MARK
    left, top = (_EDGE, far)[corner % 2], (_EDGE, far)[corner // 2]
    for folder in sorted(each for each in source.iterdir() if each.is_dir()):
        (out / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir()):
            with Image.open(file) as opened:
                image = opened.convert("RGB").resize((_SIDE, _SIDE))
            if folder.name == marked:
                image.paste(_COLOUR, (left, top, left + _MARK, top + _MARK))
            image.save(out / folder.name / f"{file.stem}.png")
    return out


def told_of(arguments: argparse.Namespace, seed: int, marked: bool) -> Told:
    """Train with one seed, with or without a mark, and ask for shortcuts."""
    name, size = str(seed % 10) if marked else None, arguments.size
    with tempfile.TemporaryDirectory() as folder:
        data = planted(arguments.sign_digits, Path(folder) / "signs", name, seed % 4)
        run = convsight.train(
            data,
            net=arguments.net,
            weights="none",
            size=size,
            epochs=arguments.epochs,
            seed=seed,
            run=Path(folder) / "run",
            report=False,
            quiet=True,
            augment="auto" if arguments.varied else "none",
            mirror=None if arguments.varied else False,
        )
        window = MethodOptions(window=max(1, size // 6), stride=max(1, size // 12))
        options = ClassOptions(NetworkName(run.path), None, ["occlusion"], out=Path(folder) / "out", of_method=window)
        tried = [each for one in gather_classes(options, Silent()).classes for each in one.tried]
        accuracy = run.metrics["test/accuracy"].value
    shortcuts = [each for each in tried if each.is_shortcut]
    beside = [each for each in tried if not each.is_shortcut and (each.gives_away or each.name == name)]
    return Told(
        accuracy,
        [each.words for each in shortcuts],
        any(each.name == name for each in shortcuts),
        [each.words for each in beside],
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the pictures are, and how many trainings there are of each kind."""
    parser.add_argument("sign_digits", type=Path)
    parser.add_argument("--with-mark", type=int, default=10)
    parser.add_argument("--without", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--net", default="small")
    parser.add_argument("--varied", action="store_true", help="vary training pictures as a training does by default")


def run(arguments: argparse.Namespace) -> None:
    """Train, ask, and print a line a training and the two counts."""
    counts: dict[bool, list[Told]] = {}
    for marked, trainings in ((True, arguments.with_mark), (False, arguments.without)):
        counts[marked] = []
        for seed in range(trainings):
            began = time.monotonic()
            told = told_of(arguments, seed, marked)
            counts[marked].append(told)
            what = f"{'with' if marked else 'without'} a mark, seed {seed}"
            print(f"{what}: accuracy {told.accuracy:.3f}, {time.monotonic() - began:.0f} s", flush=True)
            print("".join(f"  {words}\n" for words in [*told.shortcuts, *told.beside]), end="", flush=True)
    right = sum(each.right for each in counts[True])
    false = sum(bool(each.shortcuts) for each in counts[False])
    told_right = f"planted shortcuts told: {right} of {arguments.with_mark}"
    print(f"\n{told_right}; told without one: {false} of {arguments.without}\n{machine()}")
