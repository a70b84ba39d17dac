"""Pictures of a training for people: training images as they are varied, and the worst answers."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from convsight.augmentation import Batch
from convsight.datasets import Examples
from convsight.files import write_atomic_with
from convsight.inputs import ImageInput
from convsight.progress import Listener
from convsight.report.contact_sheet import Cell, contact_sheet
from convsight.results.caption import enlarged
from convsight.rng import RngKeys
from convsight.runtime.mistakes import MistakeCollector, picture_of
from convsight.spread import evenly
from convsight.tasks.capabilities import draw_targets
from convsight.training.fit import Training

WORST = 20  # on a sheet
_VARIED, _TIMES, _SMALL = 6, 4, 240  # training images shown, in how many epochs, and px of their longer side
_COLUMNS, _SIDE = 5, 300  # px of the longer side of a picture


def save_varied(t: Training) -> None:
    """Write `varied.png`: some training images as they are, and as the first epochs see them, with their targets.

    Nothing is written where inputs are no images.
    """
    if not isinstance(t.plan.card.input, ImageInput):
        return
    samples = evenly(len(t.train), _VARIED)
    loaded = t.loader.take(samples)
    plain = Batch({"image": t.inputs.floats(loaded.batch.inputs["image"].to(t.device))}, _on(t, loaded.batch))
    seed = t.plan.settings.seed
    with torch.no_grad():
        batches = [plain, *(t.augmentation(plain, RngKeys(seed, each, samples), 0.0) for each in range(_TIMES))]
    words = ["as it is", *(f"in epoch {each + 1}" for each in range(_TIMES))]
    cells = [
        Cell(_drawn(t, batch, row, int(sample)), said)
        for row, sample in enumerate(samples)
        for batch, said in zip(batches, words, strict=True)
    ]
    sheet = contact_sheet(cells, len(batches), "training images as they are varied, with their targets")
    write_atomic_with(t.run.path / "varied.png", partial(sheet.save, format="PNG"))


def save_worst(
    t: Training, split: str, found: MistakeCollector, examples: Examples, names: Sequence[str], listener: Listener
) -> None:
    """Write `mistakes.png`: the wrong answers that are the surest, of `examples`, those of `split` called `names`.

    None is written, and an older one goes, where there is none.
    """
    place = t.run.path / "mistakes.png"
    place.unlink(missing_ok=True)
    limit = t.plan.settings.max_megapixels
    pictures = [(wrong, picture_of(wrong, examples, limit, _SIDE)) for wrong in found.worst]
    cells = [Cell(picture, names[wrong.position]) for wrong, picture in pictures if picture is not None]
    if not cells:
        return
    count = f"{len(found.mistakes):,} of {len(examples):,} images of {split} are predicted wrong"
    sheet = contact_sheet(cells, min(_COLUMNS, len(cells)), f"{count}; the surest first")
    write_atomic_with(place, partial(sheet.save, format="PNG"))
    listener.say(f"{count}: {place} shows the surest; convsight evaluate {t.run.path} --mistakes FOLDER all of them")


def _on(t: Training, batch: Batch) -> dict[str, Tensor]:
    return {name: values.to(t.device) for name, values in batch.targets.items()}


def _drawn(t: Training, batch: Batch, row: int, sample: int) -> Image.Image:
    """An example of a batch as a picture, with its targets drawn on it."""
    planes = batch.image[row].float().cpu().numpy()
    colours = planes[:3] if len(planes) >= 3 else planes[:1].repeat(3, axis=0)
    pixels = np.rint(colours.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    image = enlarged(Image.fromarray(pixels.copy()))
    image.thumbnail((_SMALL, _SMALL), Image.Resampling.LANCZOS)
    targets = {name: values[row].cpu() for name, values in batch.targets.items()}
    return draw_targets(t.plan.task, image, targets, t.plan.card, t.train.targets[sample])
