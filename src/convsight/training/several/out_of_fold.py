"""All folds judged together: each image by the network of the run that did not see it."""

from collections.abc import Mapping

import torch

from convsight.datasets import Dataset
from convsight.datasets.read_examples import ReadSplit, read_examples
from convsight.export.torch_engine import TorchEngine, load_network
from convsight.metrics import Measured
from convsight.progress import Listener, Silent
from convsight.results import Result
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks import reader_of, task_of
from convsight.tasks.reader import Metrics
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.plan import Member


def judge_folds(runs: SeveralRuns, cut: Mapping[Member, Dataset], listener: Listener) -> dict[int, dict[str, Measured]]:
    """Metrics over all images, by seed: of each image what the network answers that was not trained on it.

    Their intervals are the bootstrap over images. Unlike one of the mean over folds, whose training images are mostly
    the same, they are not too narrow. Source: Bengio and Grandvalet, "No unbiased estimator of the variance of K-fold
    cross-validation", 2004.
    """
    pooled: dict[int, Metrics] = {}
    with listener.counting("judging all folds", sum(len(each.splits["test"]) for each in cut.values())) as advance:
        for member, dataset in cut.items():
            run = runs.run(member)
            settings, _ = run.settings()
            reader = reader_of(run.card)
            together = pooled.setdefault(member.seed, reader.metrics())

            def hear(_: int, target: Result, result: Result, together: Metrics = together) -> None:
                together.update(target, result)

            read = read_test(run, dataset, settings)
            judge(TorchEngine(graph_of(run), torch.device("cpu")), reader, read.examples, advance, hear)
    return {seed: metrics.compute() for seed, metrics in pooled.items()}


def read_test(run: Run, dataset: Dataset, settings: TrainSettings) -> ReadSplit:
    """The test of `dataset`, or val where it has none, as the network of `run` takes it."""
    name = "test" if "test" in dataset.splits else "val"
    read = read_examples(
        dataset.source,
        {name: dataset.splits[name]},
        run.card.input,
        Silent(),
        skip_unreadable=settings.skip_unreadable,
        workers=settings.workers,
        max_megapixels=settings.max_megapixels,
    )
    return read[name]


def graph_of(run: Run) -> torch.nn.Module:
    """The deployed network of `run`."""
    card = run.card
    return task_of(card.task).graph(load_network(run.model_file), card).eval()
