"""Making `Frozen` of a network: what of its features is known from earlier trainings, and the rest computed now."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import final

import torch
from torch import nn

from convsight.card import Card
from convsight.datasets import Examples
from convsight.memory import available_memory_bytes
from convsight.nets.cut import Cut, NotCutError
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.settings import TrainSettings
from convsight.spread import evenly
from convsight.tasks.capabilities import AnsweringByFeatures, augmentation_of, mirrors
from convsight.tasks.contract import Task
from convsight.training.choices import SEEN_AGAIN, Choices, Precision
from convsight.training.data import Prepared
from convsight.training.features.computing import BothWays, Computing, FeatureRows, View, mirrored, unvaried
from convsight.training.features.eligible import of_images_alone, varies, why_not_ahead
from convsight.training.features.engine import engine_for
from convsight.training.features.frozen import ON_IMAGES, SEEN, Frozen
from convsight.training.features.shelf import Shelf, is_off, used
from convsight.training.features.spec import FeatureInput
from convsight.training.given import NOTHING, Given
from convsight.training.transfer import Transfer, transfer_of
from convsight.words import counted

_VERSION = 1  # of all that files of features depend on and no key names: how images are varied, how they are cut
_VIEWS = 4  # beside the image as it is
_SHARE_OF_TIME = 1 / 3  # of --minutes that features may take
_SHARE_OF_MEMORY = 4  # a quarter, where there is no disk to keep them on


def frozen_features(
    task: Task,
    network: nn.Module,
    card: Card,
    prepared: Prepared,
    settings: TrainSettings,
    choices: Choices,
    deadline: float | None,
    listener: Listener,
    given: Given = NOTHING,
) -> Frozen | None:
    """The features of the frozen stages of `network`, from earlier trainings or computed now.

    None where nothing is frozen, and where it has to be computed in every epoch, which is said. A training that is gone
    on with has as many views as before. Raises `UserError` where features are infinite.
    """
    transfer = transfer_of(task, network, card, settings)
    if transfer is None or not transfer.frozen or choices.views == ON_IMAGES:
        return None
    augmentation = augmentation_of(task, prepared.dataset, card.input, settings, choices.passes)
    why = "" if settings.features else "--no-features"
    if choices.processes and choices.views is None:
        why = why or "several processes share each batch"
    why = why or ("" if given.augmentation is None else "the program varies images itself")
    why = why or why_not_ahead(augmentation)
    try:
        if why:
            raise NotCutError(why)
        cut = cut_behind(task, network, card, transfer)
        views = _views_wanted(settings, choices, varies(augmentation))
        alone = of_images_alone(augmentation)
        every = [unvaried(), *(View(number, alone) for number in range(1, views + 1))]
        looks_twice = mirrors(task, augmentation, settings)
        making = _Making(network, card, cut, prepared.examples, settings, choices, looks_twice, listener)
        return making.made(every, deadline)
    except NotCutError as error:
        listener.say(f"the frozen stages are computed anew in every epoch: {error}")
        return None


def cut_behind(task: Task, network: nn.Module, card: Card, transfer: Transfer) -> Cut:
    """`network` in two behind the stages that `transfer` freezes; raises `NotCutError` where that cannot be."""
    if not isinstance(task, AnsweringByFeatures):
        raise NotCutError("what follows them looks at more than their features")
    network.train()
    for module in transfer.resting(network):
        module.eval()
    try:
        return task.cut(network, transfer.layers, card)
    finally:
        network.train()


def _views_wanted(settings: TrainSettings, choices: Choices, varied: bool) -> int:
    """How many varied views of each training image, if there is room and time for them."""
    if choices.views is not None:
        return choices.views
    if not varied:
        return 0
    most = _VIEWS if settings.views is None else settings.views
    return min(most, choices.epochs - 1) if choices.epochs else most


@final
class _Making:
    """Makes `Frozen` of a cut network."""

    def __init__(
        self,
        network: nn.Module,
        card: Card,
        cut: Cut,
        examples: Mapping[str, Examples],
        settings: TrainSettings,
        choices: Choices,
        looks_twice: bool,
        listener: Listener,
    ) -> None:
        self._network, self._card, self._cut, self._examples = network, card, cut, examples
        self._seen = evenly(len(examples["train"]), SEEN_AGAIN)
        seen = examples["train"].select(self._seen)
        self._judged = {**{name: each for name, each in examples.items() if name != "train"}, SEEN: seen}
        self._looks_twice = looks_twice
        self._settings, self._choices, self._listener = settings, choices, listener
        precision: Precision = "bfloat16" if settings.precision == "bfloat16" else "float32"
        shape, device = card.input.planes_shape, torch.device(choices.device)
        self._shelf = shelf_of(cut, card, f"{device.type} {precision}", settings)
        engine = partial(engine_for, cut.front, shape, device, precision)
        self._computing = Computing(self._shelf, InputLayer(card.input), cut.numbers, engine)

    def made(self, views: list[View], deadline: float | None) -> Frozen:
        """The features in those `views`, or as many as there is room and time for.

        Raises `NotCutError` where there is not even room for those of the images as they are.
        """
        began = time.monotonic()
        wanted, views = len(views), self._that_fit(views)
        if self._computing.forget_others(self._cut.front, self._examples["train"].images):
            self._listener.say("kept features are not what the frozen stages tell now: they are computed anew")
        missing = self._missing(views)
        with self._listener.counting("frozen features", sum(missing.values())) as advance:
            plain = {
                name: self._computing.features(each.images, views[0], advance) for name, each in self._examples.items()
            }
            judged = self._as_judged(plain, advance)
            seen = [plain["train"]]
            for view in views[1:]:
                late = deadline is not None and time.monotonic() - began > _SHARE_OF_TIME * (deadline - began)
                if late and self._choices.views is None:
                    break
                seen.append(self._computing.features(self._examples["train"].images, view, advance))
        left_out = sum(missing[view] for view in views[len(seen) :])
        self._tell(len(seen), wanted, sum(missing.values()) - left_out, time.monotonic() - began)
        spec = FeatureInput.of(self._cut.numbers, self._card.input)
        card = self._card.model_copy(update={"input": spec, "mirror": False})
        examples = {name: _given_as(self._examples[name], spec, rows) for name, rows in plain.items()}
        return Frozen(self._network, self._cut.tail, card, examples, tuple(seen), judged, self._settings.seed)

    def _missing(self, views: list[View]) -> dict[View, int]:
        """How many images have to be computed in each view, and mirrored."""

        def count(examples: Iterable[Examples], view: View) -> int:
            return sum(self._computing.missing(each.images, view) for each in examples)

        missing = {view: count([self._examples["train"]], view) for view in views}
        missing[views[0]] = count(self._examples.values(), views[0])
        return missing | ({mirrored(): count(self._judged.values(), mirrored())} if self._looks_twice else {})

    def _as_judged(self, plain: Mapping[str, FeatureRows], advance: Callable[[int], object]) -> dict[str, Examples]:
        """Each split that is judged as the deployed network sees it: mirrored too, where it looks twice."""
        found, spec = {}, FeatureInput.of(self._cut.numbers, self._card.input, ways=2 if self._looks_twice else 1)
        for name, examples in self._judged.items():
            rows = plain["train"].select(self._seen) if name == SEEN else plain[name]
            if self._looks_twice:
                both = BothWays(rows, self._computing.features(examples.images, mirrored(), advance))
            found[name] = _given_as(examples, spec, both if self._looks_twice else rows)
        return found

    @property
    def _counts(self) -> tuple[int, int]:
        """Features of the training images in a view, and all others."""
        train, judged = len(self._examples["train"]), sum(map(len, self._judged.values()))
        others = judged - len(self._seen)
        return train, others + (judged if self._looks_twice else 0)

    def _that_fit(self, views: list[View]) -> list[View]:
        """The first of the `views`, as many as there is room for; raises `NotCutError` where there is none for any."""
        train, others = self._counts
        room = available_memory_bytes() // _SHARE_OF_MEMORY if self._shelf is None else self._shelf.limit
        a_view = train * self._computing.row_bytes
        fitting = (room - others * self._computing.row_bytes) // a_view
        if fitting < 1:
            needed = (train + others) * self._computing.row_bytes
            where = "in memory" if self._shelf is None else f"in {self._shelf.root}: --features-limit GB allows more"
            raise NotCutError(
                f"features of {self._cut.numbers:,} numbers an image would take {needed / 1e9:,.2f} GB, and there is "
                f"room for {room / 1e9:,.2f} GB {where}"
            )
        return views[:fitting]

    def _tell(self, seen: int, wanted: int, computed: int, seconds: float) -> None:
        """Say what there is, where it lies, and how much of the disk it takes."""
        train, others = self._counts
        total, images = train * seen + others, sum(map(len, self._examples.values()))
        views = f", and of {counted(seen - 1, 'varied view')} of those to train on" if seen > 1 else ""
        twice = "; of those that are judged mirrored too" if self._looks_twice else ""
        few = f"; there is no room or time for {wanted - 1} views" if seen < wanted else ""
        made = f"{computed:,} computed in {seconds:.1f} s" if computed else "all of them known from before"
        lie = "held in memory"
        if self._shelf is not None:
            there = used(self._shelf.root).bytes
            lie = (
                f"kept in {self._shelf.root} ({total * self._computing.row_bytes / 1e6:,.1f} MB; {there / 1e6:,.1f} MB "
                f"of {self._shelf.limit / 1e9:,.1f} GB in all)"
            )
        self._listener.say(
            f"what is frozen is computed once: {self._cut.numbers:,} features of {images:,} images{views}{twice}"
            f"{few}; {made}, {lie}"
        )


def _given_as(examples: Examples, spec: FeatureInput, rows: FeatureRows | BothWays) -> Examples:
    return Examples(examples.images.given_as(spec, rows), examples.targets)


def shelf_of(cut: Cut, card: Card, how: str, settings: TrainSettings) -> Shelf | None:
    """Where features of the first part of `cut` are kept, which is run in the way `how`; None where none are."""
    return None if is_off() else Shelf(_network_key(cut, card, how), int(settings.features_limit * 1e9))


def _network_key(cut: Cut, card: Card, how: str) -> str:
    """What the folder of a network's features is called by: its frozen part, how images come to it, what runs it."""
    seen = hashlib.sha256()
    facts = (_VERSION, str(cut.front), card.input.model_dump_json(), how, torch.__version__, _engines())
    seen.update(repr(facts).encode())
    for name, tensor in sorted(cut.front.state_dict().items()):
        seen.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        seen.update(tensor.contiguous().cpu().numpy().tobytes())
    return seen.hexdigest()[:24]


def _engines() -> str:
    try:
        return version("openvino")
    except PackageNotFoundError:  # there is none for this machine
        return ""
