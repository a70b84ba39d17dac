"""What every kind of question must do. A test class that inherits it gives the task, a card and targets."""

from abc import abstractmethod
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typing_extensions import get_protocol_members, is_protocol

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.datasets import Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine
from convsight.metrics import MetricName
from convsight.nets.input_layers import InputLayer
from convsight.results import Result, Tabular
from convsight.runtime.batch_results import predictions
from convsight.settings import TrainSettings
from convsight.targets import Targets
from convsight.tasks import TASKS, capabilities, reader_of, task_of
from convsight.tasks.capabilities import Differentiable, differentiable, figures_of
from convsight.tasks.choices import for_task
from convsight.tasks.contract import Task
from convsight.tasks.learner import MAIN
from convsight.tasks.question import Explainable, Question, explainable
from convsight.tasks.reader import columns_of

CAPABILITIES = [each for each in vars(capabilities).values() if is_protocol(each) and each is not Protocol]


class TaskContract:
    """Loss, gradients, graph, reading, metrics and figures of the task named on `card()`."""

    @abstractmethod
    def card(self) -> Card:
        """A card of a small network of the task."""

    @abstractmethod
    def targets(self, count: int) -> Targets:
        """Targets of `count` images."""

    def task(self) -> Task:
        card = self.card()
        return task_of(card.task)

    def examples(self, count: int) -> Examples:
        """Noise with those targets."""
        sides = self.card().input
        split = Split("train", self.pixels(count), self.targets(count), [str(n) for n in range(count)])
        return Examples(ImageStore.read(split, sides)[0], split.targets)

    def pixels(self, count: int) -> Any:
        shape = (count, *self.card().input.array_shape)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def test_it_is_in_the_mapping(self) -> None:
        assert self.card().task in TASKS

    @pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.__name__)
    def test_what_it_can_do_beyond_it_can_do_whole(self, capability: type) -> None:
        # A protocol of which a method is missing is none, without a word: a task then lost its pretrained networks.
        members = get_protocol_members(capability)
        assert {name for name in members if hasattr(self.task(), name)} in (set(), members)

    def test_the_loss_has_a_total_and_reaches_every_parameter(self) -> None:
        card, task = self.card(), self.task()
        model = task.build(card)
        images = torch.randn(4, *card.input.planes_shape)
        learner = task.learner(model, card, for_task(TrainSettings.of(data="x"), card.task))
        batch = Batch({"image": images}, task.targets(self.examples(4)).take(np.arange(4)))
        updated = []

        def update(loss: Tensor, optimizer: str = MAIN) -> None:
            assert optimizer in learner.optimized()
            loss.backward()  # type: ignore[no-untyped-call]
            updated.append(optimizer)

        losses = learner.step(batch, update)
        assert all(value.ndim == 0 and value.isfinite() for value in losses.values())
        assert "total" in losses
        assert set(updated) == set(learner.optimized())
        assert all(p.grad is not None for p in model.parameters())

    def test_the_network_that_is_kept_is_the_one_that_was_built(self) -> None:
        card, task = self.card(), self.task()
        model = task.build(card)
        learner = task.learner(model, card, for_task(TrainSettings.of(data="x"), card.task))
        assert learner.network is model
        moved = {id(p) for each in learner.optimized().values() for p in each.module.parameters()}
        assert moved == {id(p) for p in learner.parameters()}

    def test_targets_count_examples_first(self) -> None:
        for values in self.task().targets(self.examples(5)).take(np.array([4, 1, 0])).values():
            assert len(values) == 3

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

    def test_an_image_is_answered_the_same_in_any_company(self) -> None:
        card, task = self.card(), self.task()
        engine = TorchEngine(task.graph(task.build(card), card), torch.device("cpu"))
        together, alone = engine.run(self.pixels(3)), engine.run(self.pixels(3)[1:2])
        for name, values in together.items():
            np.testing.assert_allclose(values[1], alone[name][0], atol=1e-5)

    def test_target_judged_by_itself_is_perfect(self) -> None:
        reader = reader_of(self.card())
        metrics = reader.metrics()
        targets = self.targets(12)
        for index in range(12):
            metrics.update(targets[index], targets[index])
        found = metrics.compute()
        for metric in metrics.selected_by:
            assert metric.left(found[metric.name].value) < 1e-6 * metric.span
        assert all(m.low <= m.value <= m.high for m in found.values())
        assert metrics.selection[0] in metrics.drawn

    def test_every_metric_says_what_it_is(self) -> None:
        metrics = reader_of(self.card()).metrics()
        described = metrics.described()
        targets = self.targets(12)
        for index in range(12):
            metrics.update(targets[(index + 1) % 12], targets[index])
        assert all(name == metric.name for name, metric in described.items())
        assert set(metrics.selection) | set(metrics.drawn) <= set(described)
        for computed, measured in metrics.compute(intervals=False).items():
            metric = described[MetricName.within("test", computed).name]
            assert not metric.beats(measured.value, metric.perfect)
            assert not metric.share or 0 <= measured.value <= 1

    def test_what_is_asked_about_is_a_number_of_each_picture(self) -> None:
        reader, engine = reader_of(self.card()), self.awake_engine()
        if not isinstance(reader, Explainable):
            with pytest.raises(UserError, match="cannot be explained"):
                explainable(reader)
            return
        pictures = self.pixels(3)
        arrays = engine.run(pictures)
        question = self.question(engine, pictures[0])
        scores = question.score(arrays)
        assert scores.shape == (3,)
        assert np.isfinite(scores).all()
        assert question.words
        assert question.unit
        np.testing.assert_allclose(question.score(engine.run(pictures[1:2])), scores[1:2], rtol=1e-3, atol=1e-4)

    def test_a_wish_that_names_nothing_is_told_what_there_is(self) -> None:
        reader, engine = reader_of(self.card()), self.awake_engine()
        if isinstance(reader, Explainable):
            arrays = {name: values[0] for name, values in engine.run(self.pixels(1)).items()}
            with pytest.raises(UserError, match="unknown"):
                reader.question(arrays, self.size(), "nothing of that name")

    def test_what_is_asked_about_has_gradients_that_reach_the_picture(self) -> None:
        card, task, reader = self.card(), self.task(), reader_of(self.card())
        if not isinstance(task, Differentiable):
            with pytest.raises(UserError, match="have no gradients here"):
                differentiable(task, card.task)
            return
        assert isinstance(reader, Explainable)
        model = self.awake()
        question = self.question(TorchEngine(task.graph(model, card), torch.device("cpu")), self.pixels(1)[0])
        planes = InputLayer(card.input)(torch.from_numpy(self.pixels(3))).detach().requires_grad_()
        found = task.asked(model, planes, question, card)
        assert found.shape == (3,)
        [gradient] = torch.autograd.grad(found[0], planes)
        assert gradient.isfinite().all()
        assert bool(gradient[0].any())
        assert not bool(gradient[1:].any())

    def test_a_step_along_the_gradient_raises_what_is_deployed(self) -> None:
        card, task = self.card(), self.task()
        if not isinstance(task, Differentiable):
            return
        model, picture = self.awake(), self.pixels(1)
        engine = TorchEngine(task.graph(model, card), torch.device("cpu"))
        question = self.question(engine, picture[0])
        planes = InputLayer(card.input)(torch.from_numpy(picture)).detach().requires_grad_()
        [gradient] = torch.autograd.grad(task.asked(model, planes, question, card).sum(), planes)
        sign = np.moveaxis(gradient.sign().numpy(), 1, -1)
        further, back = ((picture + side * self.step * sign).clip(0, 255).round().astype(np.uint8) for side in (1, -1))
        assert question.score(engine.run(further)) > question.score(engine.run(back))

    step = 1  # of 255, by which every channel of every pixel is moved along the gradient

    def awake(self) -> nn.Module:
        """A network that answers otherwise to every picture, as far as a fresh one does."""
        torch.manual_seed(3)
        return self.task().build(self.card()).eval().requires_grad_(False)

    def awake_engine(self) -> TorchEngine:
        card = self.card()
        return TorchEngine(self.task().graph(self.awake(), card), torch.device("cpu"))

    def size(self) -> tuple[int, ...]:
        """The sides of the originals that pictures of the contract are of."""
        return (30, 20)

    def question(self, engine: TorchEngine, picture: Any) -> Question:
        """About the surest answer to `picture`; else about the first class that there is any of."""
        reader = explainable(reader_of(self.card()))
        arrays = {name: values[0] for name, values in engine.run(picture[None]).items()}
        for wanted in (None, *self.card().target.names):
            with suppress(UserError):
                return reader.question(arrays, self.size(), wanted)
        raise AssertionError("nothing can be asked about")

    def test_figures_are_drawn(self) -> None:
        task, targets = self.task(), self.targets(12)
        metrics = reader_of(self.card()).metrics()
        for index in range(12):
            metrics.update(targets[index], targets[index])
        assert all(figure.axes for figure in figures_of(task, metrics).values())
