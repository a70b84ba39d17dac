"""What every kind of question must do. A test class that inherits it gives the task, a card and truths."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Examples, FittedPictures, Split
from convsight.export.torch_engine import TorchEngine
from convsight.results import Result, Tabular
from convsight.runtime.batch_results import predictions
from convsight.settings import TrainSettings
from convsight.targets import Targets
from convsight.tasks import TASKS, reader_of, task_of
from convsight.tasks.contract import Task
from convsight.tasks.reader import columns_of


class TaskContract:
    """Loss, gradients, graph, reading, metrics and figures of the task named on `card()`."""

    @abstractmethod
    def card(self) -> Card:
        """A card of a small network of the task."""

    @abstractmethod
    def truths(self, count: int) -> Targets:
        """Truths of `count` pictures."""

    def task(self) -> Task:
        card = self.card()
        return task_of(card.task)

    def examples(self, count: int) -> Examples:
        """Noise with those truths."""
        sides = self.card().preprocessing
        split = Split("train", self.pixels(count), self.truths(count), [str(n) for n in range(count)])
        return Examples(FittedPictures.read(split, sides)[0], split.truths)

    def pixels(self, count: int) -> Any:
        shape = (count, self.card().preprocessing.height, self.card().preprocessing.width, 3)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def test_it_is_in_the_mapping(self) -> None:
        assert self.card().task in TASKS

    def test_the_loss_has_a_total_and_reaches_every_parameter(self) -> None:
        card, task = self.card(), self.task()
        model = task.build(card)
        pictures = torch.randn(4, card.preprocessing.channels, card.preprocessing.height, card.preprocessing.width)
        losses = task.loss(
            model, Batch({"image": pictures}, task.targets(self.examples(4))), TrainSettings.of(data="x")
        )
        assert all(value.ndim == 0 and value.isfinite() for value in losses.values())
        losses["total"].backward()  # type: ignore[no-untyped-call]
        assert all(p.grad is not None for p in model.parameters())

    def test_targets_count_pictures_first(self) -> None:
        for values in self.task().targets(self.examples(5)).values():
            assert len(values) == 5

    def test_the_graph_takes_bytes_and_its_arrays_become_results(self) -> None:
        card, task, reader = self.card(), self.task(), reader_of(self.card())
        engine = TorchEngine(task.graph(task.build(card), card), torch.device("cpu"))
        results = list(predictions(engine, reader, self.pixels(3), [(30, 20)] * 3))
        assert len(results) == 3
        for result in results:
            assert isinstance(result, Result)
            assert type(result) is reader.result
            assert result.summary()
            if isinstance(result, Tabular):
                columns = columns_of(reader, "the contract")
                assert all(len(row) == len(columns) for row in result.to_rows())

    def test_a_picture_is_answered_the_same_in_any_company(self) -> None:
        card, task = self.card(), self.task()
        engine = TorchEngine(task.graph(task.build(card), card), torch.device("cpu"))
        together, alone = engine.run(self.pixels(3)), engine.run(self.pixels(3)[1:2])
        for name, values in together.items():
            np.testing.assert_allclose(values[1], alone[name][0], atol=1e-5)

    def test_truth_judged_by_itself_is_perfect(self) -> None:
        reader = reader_of(self.card())
        metrics = reader.metrics()
        truths = self.truths(12)
        for index in range(12):
            metrics.update(truths[index], truths[index])
        found = metrics.compute()
        for selection in metrics.selection:
            perfect = 1 if selection.better == "higher" else 0
            assert abs(found[selection.metric].value - perfect) < 1e-6
        assert all(m.low <= m.value <= m.high for m in found.values())
        assert metrics.selection[0].metric in metrics.drawn
        assert all(0 <= found[name].value <= 1 for name in metrics.drawn if name in found)

    def test_figures_are_drawn(self) -> None:
        task, truths = self.task(), self.truths(12)
        metrics = reader_of(self.card()).metrics()
        for index in range(12):
            metrics.update(truths[index], truths[index])
        assert all(figure.axes for figure in task.figures(metrics).values())
