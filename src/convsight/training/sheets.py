"""Pictures of a training for people: training images as they are varied, and the worst answers."""

from collections.abc import Mapping, Sequence
from functools import partial

from PIL import Image

from convsight.augmentation import Batch
from convsight.datasets import Examples
from convsight.figures.contact_sheet import Cell, contact_sheet
from convsight.files import write_atomic_with
from convsight.inputs import ImageInput, as_image
from convsight.inputs.shown import shown_colours
from convsight.progress import Listener
from convsight.results.caption import enlarged
from convsight.runtime.mistakes import MistakeCollector, picture_of
from convsight.spread import evenly
from convsight.tasks.capabilities import draw_targets
from convsight.training.state import Training
from convsight.training.varied import Varying

WORST = 20  # on a sheet
VARIED, TIMES = 6, 4  # training images shown, and in how many epochs
_SMALL = 240  # px of their longer side
_COLUMNS, _SIDE = 5, 300  # px of the longer side of a picture


def save_varied(t: Training) -> None:
    """Write `varied.png`: some training images as they are, and as the first epochs see them, with their targets.

    Nothing is written where inputs are no images, and where features of varied images stand for them.
    """
    plan = t.plan
    if t.frozen_part or not isinstance(plan.card.input, ImageInput):
        return
    seen = Varying(
        plan.task,
        plan.card,
        t.train,
        t.loader,
        t.augmentation,
        t.inputs,
        t.device,
        plan.settings.seed,
        plan.choices.epochs,
    )
    sheet, _ = varied_sheet(seen, VARIED, TIMES)
    write_atomic_with(t.run.path / "varied.png", partial(sheet.save, format="PNG"))


def varied_sheet(seen: Varying, images: int, times: int) -> tuple[Image.Image, dict[int, list[int]]]:
    """So many training `images`, evenly chosen, in rows: each as it is, and as the first epochs, `times`, see it.

    Also which epochs, counted from 1, see each, by its place among the training images: where rare classes are seen
    more often, others wait.
    """
    samples = evenly(len(seen.train), images)
    epochs = list(seen.seen(samples, times))
    cells, told = [], {}
    for sample in samples.tolist():
        cells.append(Cell(_drawn(seen, seen.plain(sample), sample), "as it is"))
        for number, found in enumerate(epochs, 1):
            blank = Image.new("RGB", (1, 1), "white")
            there = sample in found
            picture = _drawn(seen, found[sample], sample) if there else blank
            cells.append(Cell(picture, f"in epoch {number}" if there else f"not in epoch {number}"))
        told[sample] = [number for number, found in enumerate(epochs, 1) if sample in found]
    return contact_sheet(cells, 1 + times, "training images as they are varied, with their targets"), told


def worst_pictures(t: Training, found: MistakeCollector, examples: Examples) -> dict[int, Image.Image]:
    """The wrong answers that are the surest, of `examples`, drawn, by position; those that are no pictures are not."""
    limit = t.plan.settings.max_megapixels
    pictures = {wrong.position: picture_of(wrong, examples, limit, _SIDE) for wrong in found.worst}
    return {position: picture for position, picture in pictures.items() if picture is not None}


def save_worst(
    t: Training,
    split: str,
    found: MistakeCollector,
    pictures: Mapping[int, Image.Image],
    names: Sequence[str],
    listener: Listener,
) -> None:
    """Write `mistakes.png` of the worst `pictures`, by their position among those of `split` called `names`.

    None is written, and an older one goes, where there is none.
    """
    place = t.run.path / "mistakes.png"
    place.unlink(missing_ok=True)
    cells = [Cell(picture, names[position]) for position, picture in pictures.items()]
    if not cells:
        return
    count = f"{len(found.mistakes):,} of {len(names):,} images of {split} {t.reader.result.wrong}"
    sheet = contact_sheet(cells, min(_COLUMNS, len(cells)), f"{count}; the surest first")
    write_atomic_with(place, partial(sheet.save, format="PNG"))
    listener.say(f"{count}: {place} shows the surest; convsight evaluate {t.run.path} --mistakes FOLDER all of them")


def _drawn(seen: Varying, example: Batch, sample: int) -> Image.Image:
    """A batch of one example as a picture, with its targets drawn on it."""
    pixels = shown_colours(as_image(seen.card.input, "a sheet"), example.image[0].numpy())
    image = enlarged(Image.fromarray(pixels))
    image.thumbnail((_SMALL, _SMALL), Image.Resampling.LANCZOS)
    targets = {name: values[0] for name, values in example.targets.items()}
    return draw_targets(seen.task, image, targets, seen.card, seen.train.targets[sample])
