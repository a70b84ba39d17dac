"""The networks of several runs as one exported graph, proven to answer as they do together."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.export.averaged import Averaged
from convsight.export.export import export_averaged
from convsight.export.exporters import check_installed
from convsight.export.proof_images import enough_images, proof_images
from convsight.export.torch_engine import TorchEngine
from convsight.metrics import Measured, named
from convsight.progress import Listener
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks import reader_of, task_of
from convsight.tasks.capabilities import averaging
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.out_of_fold import graph_of, read_test
from convsight.training.several.plan import Member


def check_average(task: str) -> None:
    """Raise `UserError` where answers of `task` have no mean, or nothing is there that writes and runs the graph."""
    averaging(task_of(task), task)
    check_installed("onnx")


def average_networks(
    runs: SeveralRuns, cut: Mapping[Member, Dataset], settings: TrainSettings, listener: Listener
) -> dict[str, Measured]:
    """Write `average/model.onnx`, the mean of all networks; returns what it reaches on the test that none has seen.

    Of folds there is no such test: each image was learnt by some of the networks. Raises `UserError` where inputs
    differ, or the proof fails.
    """
    members = list(cut)
    cards = [runs.run(member).card for member in members]
    _check_alike(members, cards)
    task = task_of(cards[0].task)
    networks = Averaged([graph_of(runs.run(member)) for member in members], averaging(task, cards[0].task)).eval()
    changes = {
        "calibration": averaging(task, cards[0].task).averaged_calibration(cards),
        "metrics": {},
        "training": _training(members, cards),
    }
    card = cards[0].model_copy(update=changes)
    if members[0].fold is None:
        card = card.model_copy(update={"metrics": _judged(runs, networks, card, cut, settings, listener)})
    images = partial(proof_images, enough_images(cut[members[0]]), card.input, settings.max_megapixels)
    file = runs.average.exported_file
    export_averaged(networks, card, file, images, listener)
    listener.say(f"the mean of {len(members)} networks is {file}, which every verb takes")
    if not card.metrics:
        listener.say("note: it has no test of its own: each image of the folds was learnt by all networks but one")
    return dict(card.metrics)


def _judged(
    runs: SeveralRuns,
    networks: Averaged,
    card: Card,
    cut: Mapping[Member, Dataset],
    settings: TrainSettings,
    listener: Listener,
) -> dict[str, Measured]:
    """What the mean reaches on the test that all runs have; the networks calibrated before they are averaged."""
    first = next(iter(cut))
    read = read_test(runs.run(first), cut[first], settings)
    with listener.counting("judging the average", len(read.split)) as advance:
        engine = TorchEngine(networks, torch.device("cpu"))
        found = judge(engine, reader_of(card), read.examples, advance).compute()
    return named("test" if "test" in cut[first].splits else "val", found)


def _training(members: Sequence[Member], cards: Sequence[Card]) -> dict[str, object]:
    """What the card tells of the training of all networks."""
    return {
        "seed": members[0].seed,
        "average_of": [member.name for member in members],
        "epochs": max(card.training["epochs"] for card in cards),
        "seconds": round(sum(card.training["seconds"] for card in cards), 1),
        "finished": True,
    }


def _check_alike(members: Sequence[Member], cards: Sequence[Card]) -> None:
    """Raise `UserError` where networks take other inputs than the first; the normalisation is in each one's graph."""
    inputs = [card.input.model_dump(exclude={"mean", "std"}) for card in cards]
    for member, card, each in zip(members, cards, inputs, strict=True):
        if each != inputs[0]:
            raise UserError(
                f"--average: {member.name} takes {card.input.summary}, {members[0].name} {cards[0].input.summary}; "
                "give --size, and --colour, so that all take the same"
            )
