"""`convsight augment`: training images as a training would vary them, drawn before there is one."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.files import write_atomic_with
from convsight.inputs import ImageInput
from convsight.nets.input_layers import InputLayer
from convsight.printing import json_document
from convsight.progress import Listener, Terminal
from convsight.settings import TrainSettings
from convsight.tasks.capabilities import augmentation_of
from convsight.training.assembly import loader_of
from convsight.training.choices import Choices
from convsight.training.opening import open_training
from convsight.training.plan import Plan
from convsight.training.sheets import varied_sheet
from convsight.training.varied import Varying


class Drawn(NamedTuple):
    """What was drawn: names of images, each with the epochs (from 1) that see it; how they vary, in words."""

    images: dict[str, list[int]]
    reasons: tuple[str, ...]
    task: str
    batch: int
    seed: int
    size: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """Every field by its name."""
        return self._asdict()


def draw_varied(
    settings: TrainSettings, file: Path, listener: Listener, *, count: int, variants: int, held: Dataset | None = None
) -> Drawn:
    """Draw so many (`count`) training images, evenly chosen, as the first epochs, `variants`, see them, to a PNG.

    Batches, and with them the partners in mixtures, are those of a training with the same settings. Raises `UserError`
    for what one would refuse, where inputs are no images, and where nothing can be written to `file`.
    """
    _check_place(file)
    task, settings, dataset, prepared, card, _ = open_training(settings, listener, held)
    if not isinstance(card.input, ImageInput):
        raise UserError(f"{dataset.source}: inputs are {card.input.summary}, no images: there is nothing to draw")
    train = prepared.examples["train"]
    choices = Choices.first(settings, len(train), card.input.positions, task)
    loader, why_weighted = loader_of(task, card, train, settings, choices)
    augmentation = augmentation_of(task, dataset, card.input, settings, choices.passes)
    plan = Plan(task, settings, choices, card)
    inputs = InputLayer(card.input).to(plan.device)
    seen = Varying(task, card, train, loader, augmentation, inputs, plan.device, settings.seed, choices.epochs)
    sheet, epochs = varied_sheet(seen, count, variants)
    write_atomic_with(file, partial(sheet.save, format="PNG"))
    names = prepared.dataset.split("train").names
    return Drawn(
        {names[sample]: numbers for sample, numbers in epochs.items()},
        (*augmentation.reasons, *([why_weighted] if why_weighted else [])),
        card.task,
        choices.batch,
        settings.seed,
        (card.input.width, card.input.height),
    )


def draw_and_tell(settings: TrainSettings, file: Path, output: str, *, count: int, variants: int) -> None:
    """Draw training images to `file`, and print what was done."""
    drawn = draw_varied(settings, file, Terminal(), count=count, variants=variants)
    if output == "json":
        print(json_document({"file": str(file), **drawn.to_json()}))
        return
    for reason in drawn.reasons:
        print(reason)
    print(f"{file}: {len(drawn.images)} training images, each as it is and as the first epochs see it")


def _check_place(file: Path) -> None:
    if file.suffix.lower() != ".png":
        raise UserError(f"--out {file}: the picture is a .png")
    if not file.parent.is_dir():
        raise UserError(f"--out {file}: there is no folder {file.parent}")
