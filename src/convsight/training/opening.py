"""The head of a training: data read, cut and fitted, the network named, the card written, before a folder is made."""

from typing import NamedTuple

from convsight.card import Card
from convsight.datasets import Dataset, fingerprint, read_dataset
from convsight.datasets.checks import check_judgeable, check_task
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.nets.own import checked_own, is_own
from convsight.nets.weights import Weights
from convsight.progress import Listener
from convsight.settings import TrainSettings
from convsight.targets import counts_by_class
from convsight.tasks import TASKS, own_networks, reader_type, settings_of, task_of
from convsight.tasks.adoption import data_for
from convsight.tasks.capabilities import options_of, pretrained, refuse_without_effect, start_of, taking_modules
from convsight.tasks.choices import for_task
from convsight.tasks.contract import Task
from convsight.tasks.reader import check_targets
from convsight.training.cutting import Source, keep_together
from convsight.training.data import Prepared, expected, fit_images, measured
from convsight.training.given import NOTHING, Given
from convsight.training.log.trackers import check_packages
from convsight.training.transfer import asked, check_transfer
from convsight.versions import versions


class Opened(NamedTuple):
    """What stands before a network is built; `settings` are those of the task, its network and weights among them."""

    task: Task
    settings: TrainSettings
    dataset: Dataset
    prepared: Prepared
    card: Card
    weights: Weights | None


def open_training(
    settings: TrainSettings, listener: Listener, held: Dataset | None = None, given: Given = NOTHING
) -> Opened:
    """Read the data of `settings`, or take those `held` in memory, and settle all that needs no network.

    Raises `UserError` for what is wrong with data, network or settings.
    """
    _check_before_data(settings)
    check_packages(settings.logs)
    data = read_dataset(data_for(held or settings.data, settings.task, settings.group))
    source = Source.of(data, settings, listener)
    dataset = source.cut(settings)
    check_task(dataset, settings.task or dataset.task)
    for split in dataset.splits.values():
        check_judgeable(dataset.source, split)
    settings = _beside(given, for_task(settings, dataset.task))
    check_targets(reader_type(dataset.task), dataset)
    task = task_of(dataset.task)
    _report_data(dataset, listener)
    settings = _started(task, dataset, settings, listener)
    net = task.net(settings.net or task.default_net, settings)
    weights = None
    if settings.weights:
        weights = pretrained(task, settings.weights).weights(net, settings.weights, download=settings.download)
    spec, why = task.input(net, dataset, settings)
    refuse_without_effect(task, spec, settings)
    listener.say(why)
    if not (isinstance(spec, ImageInput) and spec.is_rgb):  # of which most are, and nothing was measured
        listener.say(spec.summary)
    card = Card(task=dataset.task, net=net, target=dataset.target, input=spec, options=options_of(task, settings))
    task.check(card)
    check_transfer(task, card, settings)
    prepared = fit_images(dataset, card.input, settings, listener)
    dataset, prepared = keep_together(source, dataset, prepared, settings, listener)
    card = _described(card, prepared, settings, weights, listener)
    if is_own(net):
        shape = taking_modules(task, card.task).shape(card)
        card = card.model_copy(update={"net": checked_own(net, shape, card.target.summary)})
    return Opened(task, settings, dataset, prepared, card, weights)


def _beside(given: Given, settings: TrainSettings) -> TrainSettings:
    """The settings of a task beside what a program gives, such as what an own loss is read as."""
    given.check(settings)
    if given.loss is None:
        return settings
    return settings.model_copy(update={"own": {**settings.own, **settings_of(settings.task or "").beside_own_loss}})


def _check_before_data(settings: TrainSettings) -> None:
    """Raise `UserError` for what is wrong with the network or its settings, as far as it shows before data are read.

    The data decide the task; a network that none of the tasks in question can use is refused at once.
    """
    if settings.net is None:
        return
    owners = [name for name, networks in own_networks().items() if settings.net in networks]
    refusals = []
    if is_own(settings.net) and settings.task:
        taking_modules(task_of(settings.task), settings.task)
    for name in [settings.task] if settings.task else owners or list(TASKS):
        try:
            task_of(name).net(settings.net, for_task(settings, name))
        except UserError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]


def _started(task: Task, dataset: Dataset, settings: TrainSettings, listener: Listener) -> TrainSettings:
    """The settings with the network and the first weights; says why, where the user left that open."""
    start = start_of(task, dataset, settings)
    if start.why:
        listener.say(start.why)
    return settings.model_copy(update={"net": start.net, "weights": start.weights})


def _report_data(dataset: Dataset, listener: Listener) -> None:
    counts = ", ".join(f"{len(split):,} {name}" for name, split in dataset.splits.items())
    listener.say(f"{dataset.name}: {dataset.target.summary}; images: {counts}")
    for note in dataset.notes:
        listener.say(f"note: {note}")
    if "test" not in dataset.splits:
        listener.say("note: there is no test: val, which chooses the best epoch, serves as one, which is too kind")


def _described(
    card: Card, prepared: Prepared, settings: TrainSettings, weights: Weights | None, listener: Listener
) -> Card:
    """The card with all that is known before the first step."""
    dataset = prepared.dataset
    with listener.counting("fingerprint of the data", sum(map(len, dataset.splits.values()))) as advance:
        found = fingerprint(dataset, progress=advance)
    data = {
        "name": dataset.name,
        "fingerprint": found,
        "pictures": {name: len(split) for name, split in dataset.splits.items()},
        "train_counts": counts_by_class(dataset.split("train").targets),
    }
    spec = measured(prepared, settings)
    training: dict[str, object] = {"seed": settings.seed}
    if settings.given:
        training["given"] = settings.given
    if weights is not None:
        spec = expected(spec, weights)
        training["weights"] = weights.origin
        training |= asked(settings)
    target = dataset.target.fitted(prepared.examples["train"].targets)
    changes = {"input": spec, "target": target, "training": training, "data": data, "versions": versions()}
    return card.model_copy(update=changes)
