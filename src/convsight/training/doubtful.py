"""Labels of a data set that are doubted by features of a network that never saw them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.datasets.audit import Audit
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.datasets.read_examples import ReadSplit, read_examples
from convsight.errors import UserError
from convsight.inputs import ImageInput, InputSpec
from convsight.nets.catalogue import net_entry
from convsight.nets.cut import NotCutError
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.report.doubts import DoubtedLabel, DoubtedLabels, write_doubts
from convsight.run import Run
from convsight.settings import IMAGENET, TrainSettings
from convsight.tasks import task_of
from convsight.tasks.capabilities import doubting, options_of, pretrained
from convsight.tasks.contract import Task
from convsight.tasks.start import USUAL
from convsight.training.choices import choose_device
from convsight.training.data import Prepared, expected, measured
from convsight.training.features.computing import Computing, unvaried
from convsight.training.features.engine import engine_for
from convsight.training.features.making import cut_behind, shelf_of
from convsight.training.transfer import BACKBONE, transfer_of
from convsight.words import counted

_CELLS = 3  # a side: features of places tell signs and parts apart, which their mean does not
_MOST_WITH_CELLS = 10_000  # images; of more the mean over places is taken, which is a ninth
_COMPONENTS = 256  # most of what differs between images lies in them, and heads learn from them in seconds
_IMAGES_A_COMPONENT = 5  # at least: of fewer images the last ones are chance


class Features(NamedTuple):
    """What the network tells of images (images, features), those of one split after the other, and their digests."""

    values: NDArray[np.float32]
    digests: NDArray[np.uint64]
    read: Mapping[str, ReadSplit]


def find_doubted(
    dataset: Dataset, listener: Listener, *, workers: int = 2, max_megapixels: float = 100.0
) -> DoubtedLabels:
    """The labels of all splits that heads doubt which learnt from the other images, the most doubtful first.

    Images that cannot be read are left out. The features are those of EfficientNet-Lite0 with ImageNet's weights: a
    network that was trained on these very labels would give an image with a wrong one the features of that class. They
    are kept on disk. Raises `UserError` for a task whose labels are not doubted, and where there are too few images.
    """
    task = task_of(dataset.task)
    doubts_of = doubting(task, dataset.task).doubts
    found = pretrained_features(task, dataset, listener, workers=workers, max_megapixels=max_megapixels)
    doubts = doubts_of(found.values, [each.split.targets for each in found.read.values()], found.digests, listener)
    names = [(split, name) for split, each in found.read.items() for name in each.split.names]
    labels = tuple(
        DoubtedLabel(
            split=names[each.position][0],
            name=names[each.position][1],
            given=each.given,
            likely=each.likely,
            given_probability=round(each.given_probability, 6),
            likely_probability=round(each.likely_probability, 6),
        )
        for each in doubts.doubted
    )
    return DoubtedLabels(looked_at=doubts.looked_at, wrong=round(doubts.wrong, 6), labels=labels)


def pretrained_features(
    task: Task,
    dataset: Dataset,
    listener: Listener,
    *,
    side: int | None = None,
    workers: int = 2,
    max_megapixels: float = 100.0,
) -> Features:
    """Principal components of the features of all images of `dataset`, which come from the shelf where they lie there.

    Images are brought to `side` px, by default to what the network is used to, smaller ones too: on hand signs of
    100 px a head on its features is right for .96 of unseen images then, and for .94 of them as they are.
    """
    settings = TrainSettings.of(
        data=dataset.source,
        task=dataset.task,
        net=USUAL.photos,
        weights=IMAGENET,
        freeze=BACKBONE,
        size=side or net_entry(USUAL.photos).side,
        head_pool=_CELLS if sum(map(len, dataset.splits.values())) <= _MOST_WITH_CELLS else 1,
    )
    learnt = dataset.splits.get("train") or next(iter(dataset.splits.values()))
    spec, _ = task.input(USUAL.photos, dataset.with_splits({"train": learnt}), settings)
    if not isinstance(spec, ImageInput):
        raise UserError(f"--doubtful: labels are doubted of images, not of {spec.summary}; leave it out")
    read = read_examples(
        dataset.source,
        dataset.splits,
        spec,
        listener,
        skip_unreadable=True,
        workers=workers,
        max_megapixels=max_megapixels,
        on_disk=True,
    )
    computing = _computing(task, dataset, {"train": read[learnt.name].examples}, spec, settings)
    listener.say(f"labels are doubted by features of {USUAL.photos}, which never saw them: {spec.summary}")
    images = [each.examples.images for each in read.values()]
    with listener.counting("features", sum(computing.missing(each, unvaried()) for each in images)) as advance:
        rows = [computing.features(each, unvaried(), advance).take(np.arange(len(each))) for each in images]
    digests = np.concatenate([each.digests for each in images])
    return Features(_principal(np.concatenate(rows)[:, 0, :, 0]), digests, read)


def _principal(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of features as their first principal components, the same ones for the same rows."""
    count = max(1, min(_COMPONENTS, len(values) // _IMAGES_A_COMPONENT, values.shape[1]))
    found: NDArray[np.float32] = PCA(count, svd_solver="randomized", random_state=0).fit_transform(values)
    return found


def _computing(
    task: Task, dataset: Dataset, learnt: Mapping[str, Examples], spec: InputSpec, settings: TrainSettings
) -> Computing:
    """What computes features of all stages but the last layer, of a network with weights from elsewhere."""
    starting = pretrained(task, IMAGENET)
    weights = starting.weights(USUAL.photos, IMAGENET, download=False)
    spec = expected(measured(Prepared(dataset, learnt, spec), settings), weights)
    card = Card(
        task=dataset.task, net=USUAL.photos, target=dataset.target, input=spec, options=options_of(task, settings)
    )
    network = task.build(card)
    starting.adapt(network, card, weights)
    transfer = transfer_of(task, network, card, settings)
    assert transfer is not None
    device = choose_device("auto")
    try:
        cut = cut_behind(task, network, card, transfer)
    except NotCutError as error:
        raise UserError(f"--doubtful: {card.net} gives no features: {error}") from error
    shelf = shelf_of(cut, card, f"{device.type} float32", settings)
    engine = partial(engine_for, cut.front, card.input.planes_shape, device, "float32")
    computing = Computing(shelf, InputLayer(card.input), cut.numbers, engine)
    computing.forget_others(cut.front, learnt["train"].images)
    return computing


def with_doubts(
    found: Audit,
    dataset: Dataset,
    listener: Listener,
    run: Run | None = None,
    *,
    workers: int = 2,
    max_megapixels: float = 100.0,
) -> Audit:
    """The audit `found` of `dataset` with the doubted labels; they are kept in `run`, if there is one, for its page."""
    doubted = find_doubted(dataset, listener, workers=workers, max_megapixels=max_megapixels)
    if run is not None:
        write_doubts(run, doubted)
    if not doubted.labels:
        return replace(found, notes=(*found.notes, f"none of {counted(doubted.looked_at, 'label')} is doubted"))
    return replace(found, findings=(*found.findings, _finding(doubted)))


def _finding(found: DoubtedLabels) -> Finding:
    entries = tuple(Entry((ImageName(each.split, each.name, each.given),), each.in_words) for each in found.labels)
    words = (
        f"{counted(len(entries), 'label')} doubted by what learnt from other images, the most doubtful first; about "
        f"{found.wrong:.1%} of {found.looked_at:,} may be wrong"
    )
    return Finding("doubtful-labels", "suspicion", words, entries)
