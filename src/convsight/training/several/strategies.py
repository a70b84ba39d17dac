"""The three strategies of transfer side by side: all of the network learns, its later stages, its last layer alone."""

import csv
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, load_network
from convsight.files import write_atomic
from convsight.metrics import Measured, Metric, MetricName
from convsight.nets.dry_run.build import WithoutMemory
from convsight.printing import csv_text, json_document
from convsight.progress import Listener
from convsight.results import Result
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks import reader_of, task_of
from convsight.tasks.capabilities import options_of, pretrained, start_of
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.out_of_fold import graph_of, read_test
from convsight.training.several.plan import Member
from convsight.training.transfer import BACKBONE, transfer_of

_FLIPS = 10_000  # random signs of a permutation test
_CHANCE = 0.05


@dataclass(frozen=True)
class Strategy:
    """One of them: what it is called, what it reached on the test with its interval, and what it cost.

    `difference` is by how much the answers of the best are nearer to the truth an image, in the share of an answer that
    is right (or, where all are equally so, in the scale of what is predicted); `p` how often chance alone makes one so
    large, twice as large as computed since there are two. None for the best itself.
    """

    run: str
    freeze: str
    trainable: int
    seconds: float
    images_per_s: float
    metric: str
    value: float
    low: float
    high: float
    difference: float | None
    p: float | None

    @property
    def is_best(self) -> bool:
        """Whether none reached more."""
        return self.difference is None


@dataclass(frozen=True)
class Comparison:
    """All strategies in the order they were trained, and in one sentence which is best and whether that is chance."""

    strategies: tuple[Strategy, ...]
    metric: Metric
    split: str
    conclusion: str


def ways_to_freeze(dataset: Dataset, settings: TrainSettings) -> tuple[str, ...]:
    """Nothing, the first half of the stages, all before the last layer: as `--freeze` is told.

    Raises `UserError` where no weights were taught, or the network has too few stages.
    """
    task = task_of(dataset.task)
    start = start_of(task, dataset, settings)
    if start.weights is None:
        raise UserError(
            "--freeze all-three compares what a pretrained network keeps: name its --weights (imagenet, or a file)"
        )
    settings = settings.model_copy(update={"net": start.net, "weights": start.weights})
    net = task.net(start.net, settings)
    spec, _ = task.input(net, dataset, settings)
    card = Card(task=dataset.task, net=net, target=dataset.target, input=spec, options=options_of(task, settings))
    with WithoutMemory():
        network = task.build(card)
    stages = pretrained(task, start.weights).stages(network.to("meta"), card)
    if len(stages) < 2:
        raise UserError(f"--freeze all-three: {net} has no stages of which some could be frozen: {stages.summary()}")
    return "none", str((len(stages) + 1) // 2), BACKBONE


def compare_strategies(runs: SeveralRuns, cut: Mapping[Member, Dataset], listener: Listener) -> Comparison:
    """Judge the finished networks on the same images, write `comparison.json` and `.csv`."""
    members = list(cut)
    cards = [runs.run(member).card for member in members]
    metric = reader_of(cards[0]).metrics().selected_by[0]
    split = "test" if any(name.startswith("test/") for name in cards[0].metrics) else "val"
    reached = [card.metrics[str(MetricName(split, metric.name))] for card in cards]
    with listener.counting("comparing", sum(_judged(each) for each in cut.values())) as advance:
        nearness = [_nearness(runs.run(member), dataset, advance) for member, dataset in cut.items()]
    best = max(range(len(members)), key=lambda place: metric.signed(reached[place].value))
    rows = [
        _strategy(
            runs.run(member), member, metric, reached[place], None if place == best else _paired(nearness, best, place)
        )
        for place, member in enumerate(members)
    ]
    found = Comparison(tuple(rows), metric, split, _conclusion(rows, rows[best], metric, split))
    write_atomic(runs.path / "comparison.json", json_document(comparison_json(runs, found)) + "\n")
    names = list(asdict(rows[0]))
    write_atomic(runs.path / "comparison.csv", csv_text([tuple(names), *(tuple(asdict(row).values()) for row in rows)]))
    return found


def comparison_json(runs: SeveralRuns, found: Comparison) -> dict[str, Any]:
    """The content of `comparison.json`."""
    return {
        "folder": str(runs.path),
        "split": found.split,
        "strategies": [asdict(each) for each in found.strategies],
        "best": next(each.run for each in found.strategies if each.is_best),
        "conclusion": found.conclusion,
    }


def _judged(dataset: Dataset) -> int:
    return len(dataset.splits["test" if "test" in dataset.splits else "val"])


def _nearness(run: Run, dataset: Dataset, advance: Any) -> NDArray[np.float64]:
    """How near each answer is to the truth, (images, 2): the share that is right, and how far off it is, negative."""
    settings, _ = run.settings()
    found: dict[int, tuple[float, float]] = {}

    def hear(position: int, target: Result, result: Result) -> None:
        difference = target.difference(result)
        found[position] = difference.same, -difference.largest

    read = read_test(run, dataset, settings)
    judge(TorchEngine(graph_of(run), torch.device("cpu")), reader_of(run.card), read.examples, advance, hear)
    return np.array([found[position] for position in sorted(found)])


def _paired(nearness: Sequence[NDArray[np.float64]], best: int, other: int) -> tuple[float, float]:
    """By how much the answers of `best` are nearer, and how likely chance makes that of answers that are alike."""
    both = nearness[best] - nearness[other]
    differences = both[:, 0] if both[:, 0].any() else both[:, 1]
    return float(differences.mean()), min(1.0, (len(nearness) - 1) * sign_flip_p(differences))


def sign_flip_p(differences: NDArray[np.float64]) -> float:
    """How often random signs make the mean of paired `differences` as large as it is, either way.

    Source: Fisher, "The Design of Experiments", 1935, section 21. Of answers that are right or wrong it is McNemar's
    exact test.

    >>> sign_flip_p(np.array([1.0, 1, 1, 1, 1, 1, 0, 0])) < 0.05 < sign_flip_p(np.array([1.0, 1, 1, -1, 0, 0]))
    True
    """
    some = differences[differences != 0]
    if not len(some):
        return 1.0
    signs = np.random.default_rng(0).integers(0, 2, (_FLIPS, len(some))) * 2 - 1
    as_large = np.abs(signs @ some) >= abs(some.sum()) - 1e-9
    return float((1 + as_large.sum()) / (1 + _FLIPS))


def _strategy(
    run: Run, member: Member, metric: Metric, reached: Measured, paired: tuple[float, float] | None
) -> Strategy:
    card, (settings, _) = run.card, run.settings()
    difference, p = paired if paired else (None, None)
    with (run.path / "metrics.csv").open(newline="", encoding="utf-8") as file:
        speeds = [float(row["images_per_s"]) for row in csv.DictReader(file) if int(row["epoch"])]
    return Strategy(
        run=member.name,
        freeze=settings.freeze,
        trainable=_trainable(run, settings),
        seconds=float(card.training["seconds"]),
        images_per_s=statistics.median(speeds) if speeds else 0.0,
        metric=metric.name,
        value=reached.value,
        low=reached.low,
        high=reached.high,
        difference=difference,
        p=p,
    )


def _trainable(run: Run, settings: TrainSettings) -> int:
    """Weights that learn."""
    card = run.card
    network = load_network(run.model_file)
    transfer = transfer_of(task_of(card.task), network, card, settings)
    layers = transfer.layers if transfer else set()
    return sum(
        weight.numel()
        for name, module in network.named_modules()
        if name not in layers
        for weight in module.parameters(recurse=False)
    )


def _conclusion(rows: Sequence[Strategy], best: Strategy, metric: Metric, split: str) -> str:
    said = f"best on {split}: --freeze {best.freeze}, {metric.name} {metric.text(best.value)}"
    alike = [each for each in rows if each.p is not None and each.p >= _CHANCE]
    if not alike:
        return f"{said}; its answers are nearer to the truth than those of the others beyond chance"
    names = " and ".join(f"--freeze {each.freeze} (p = {each.p:.2g})" for each in alike)
    return f"{said}; chance alone explains its lead over {names}"
