"""Pictures with a class for every pixel, as benchmarks hand them to everybody, and one judge for all answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

IGNORED = 255
SIDE = 256  # px, of the arrays where pictures differ in size
RESAMPLES = 2000
_UNLABELLED = 11  # of streets
Picture = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # (height, width, 3) and (height, width)


@final
@dataclass(frozen=True)
class Pictures:
    """Pictures to learn from, some of them to choose by, and others to be judged on."""

    classes: tuple[str, ...]
    train: tuple[Picture, ...]
    val: tuple[Picture, ...]
    test: tuple[Picture, ...]

    def write_arrays(self, file: Path) -> None:
        """All of one size, for loops that know arrays alone: they learn from those to choose by as well."""
        sizes = {image.shape[:2] for image, _ in (*self.train, *self.val, *self.test)}
        sides = sizes.pop() if len(sizes) == 1 else (SIDE, SIDE)
        taught = (*self.train, *self.val)
        np.savez(
            file,
            train_images=np.stack([resized(image, sides, Image.Resampling.BILINEAR) for image, _ in taught]),
            train_masks=np.stack([resized(mask, sides, Image.Resampling.NEAREST) for _, mask in taught]),
            test_images=np.stack([resized(image, sides, Image.Resampling.BILINEAR) for image, _ in self.test]),
            classes=np.array(len(self.classes)),
        )

    def own_sizes(self, masks: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Masks of the test pictures, of one size, at the sizes of the pictures."""
        return [
            resized(found, mask.shape, Image.Resampling.NEAREST)
            for found, (_, mask) in zip(masks, self.test, strict=True)
        ]


def resized(image: NDArray[np.uint8], sides: Sequence[int], how: Image.Resampling) -> NDArray[np.uint8]:
    """`image` with this height and width."""
    height, width = sides
    return np.asarray(Image.fromarray(image).resize((width, height), how))


def nuclei(folder: Path) -> Pictures:
    """Nuclei and what is around them; a fifth is held out, and a tenth of the rest is to choose by."""
    pictures = []
    for file in sorted((folder / "images").iterdir()):
        image = np.asarray(Image.open(file).convert("RGB"))
        things = np.asarray(Image.open(folder / "instances" / f"{file.stem}.png"))
        pictures.append((image, (things > 0).astype(np.uint8)))
    order = np.random.default_rng(0).permutation(len(pictures))
    held = len(pictures) // 5
    val = (len(pictures) - held) // 10
    test, chosen, train = (tuple(pictures[index] for index in part) for part in np.split(order, [held, held + val]))
    return Pictures(("background", "nucleus"), train, chosen, test)


def camvid(folder: Path) -> Pictures:
    """Streets in the splits that the data have; pixels of no class are 255."""
    names = (folder / "classes.txt").read_text().split()[:-1]
    train, val, test = (tuple(_street(file) for file in sorted((folder / split).iterdir())) for split in
                        ("train", "val", "test"))  # fmt: skip
    return Pictures(tuple(names), train, val, test)


def _street(file: Path) -> Picture:
    mask = np.asarray(Image.open(file.parent.with_name(f"{file.parent.name}annot") / f"{file.stem}.png")).copy()
    mask[mask == _UNLABELLED] = IGNORED
    return np.asarray(Image.open(file).convert("RGB")), mask


def drawn(count: int, side: int) -> Pictures:
    """Bright discs on noise: `count` of them to be answered, a few to learn from."""
    draws = np.random.default_rng(0)
    rows, columns = np.mgrid[:side, :side]
    made = []
    for _ in range(count + 12):
        image = draws.integers(0, 128, (side, side, 3), np.uint8)
        middle, radius = draws.integers(side // 4, 3 * side // 4, 2), side // 6
        mask = ((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2).astype(np.uint8)
        made.append((image + 120 * mask[..., None], mask))
    return Pictures(("ground", "disc"), tuple(made[:8]), tuple(made[8:12]), tuple(made[12:]))


def write_pictures(data: Pictures, folder: Path) -> None:
    """`data` as people have it: a folder a split, with `images` and `masks`, and the names of the classes."""
    for split, pictures in (("train", data.train), ("val", data.val), ("test", data.test)):
        for kind in ("images", "masks"):
            (folder / split / kind).mkdir(parents=True)
        for number, (image, mask) in enumerate(pictures):
            Image.fromarray(image).save(folder / split / "images" / f"{number:04}.png")
            Image.fromarray(mask).save(folder / split / "masks" / f"{number:04}.png")
    (folder / "classes.txt").write_text("\n".join(data.classes) + "\n")


def judged(data: Pictures, found: Mapping[str, Sequence[NDArray[np.uint8]]]) -> list[list[str]]:
    """A row for everybody: mean IoU, Dice of the second class, and by how much the first is ahead, with intervals."""
    truth = [mask for _, mask in data.test]
    counts = {name: _confusions(truth, masks, len(data.classes)) for name, masks in found.items()}
    draws = np.random.default_rng(0).integers(0, len(truth), (RESAMPLES, len(truth)))
    first = next(iter(counts.values()))
    rows = []
    for name, each in counts.items():
        ahead = [_iou(first[draw].sum(0)) - _iou(each[draw].sum(0)) for draw in draws]
        iou, dice = ([score(each[draw].sum(0)) for draw in draws] for score in (_iou, _dice))
        whole = each.sum(0)
        row = [name, f"{_iou(whole):.3f}", _interval(iou), f"{_dice(whole):.3f}", _interval(dice)]
        rows.append([*row, f"{_iou(first.sum(0)) - _iou(whole):+.3f}", _interval(ahead)] if name != "convsight" else
                    [*row, "", ""])  # fmt: skip
    return rows


def _confusions(
    truth: Sequence[NDArray[np.uint8]], found: Sequence[NDArray[np.uint8]], classes: int
) -> NDArray[np.int64]:
    """Pixels (pictures, true class, found class)."""
    tables = []
    for true, mask in zip(truth, found, strict=True):
        known = true != IGNORED
        pairs = true[known].astype(np.int64) * classes + mask[known]
        tables.append(np.bincount(pairs, minlength=classes * classes).reshape(classes, classes))
    return np.stack(tables)


def _iou(table: NDArray[np.int64]) -> float:
    """The mean over the classes that occur."""
    both = np.diag(table)
    either = table.sum(0) + table.sum(1) - both
    return float((both / np.maximum(either, 1))[table.sum(1) > 0].mean())


def _dice(table: NDArray[np.int64]) -> float:
    """Of the second class."""
    return float(2 * table[1, 1] / max(1, table[1].sum() + table[:, 1].sum()))


def _interval(values: Sequence[float]) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{low:.3f} .. {high:.3f}"
