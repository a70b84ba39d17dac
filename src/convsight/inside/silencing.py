"""Which channels of a layer matter: what the metric loses when one is silenced, and what a Taylor series expects.

Silencing is an intervention and needs a run for each channel; the estimate needs one gradient. Source of the estimate:
Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient Inference", ICLR 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from convsight.augmentation import Batch
from convsight.datasets.examples import Examples
from convsight.export.torch_engine import TorchEngine
from convsight.inside.open_network import OpenNetwork, watching
from convsight.inside.run_by_layers import Stop
from convsight.metrics import Measured, Metric
from convsight.metrics.bootstrap import bootstrapped
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.results import Result
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks import reader_of, task_of
from convsight.tasks.capabilities import learner_of
from convsight.tasks.learner import MAIN

_BATCH = 16
_RESAMPLES = 1000


@dataclass(frozen=True)
class Channel:
    """What one channel is worth: `lost` of the metric when it is silent, a mean over pictures.

    Answers then have `moved` by so much, in shares of their scale; `expected` estimates the change of the loss.
    """

    channel: int
    lost: Measured
    moved: float
    expected: Measured

    def to_json(self) -> dict[str, Any]:
        """All of it by name."""
        return {
            "channel": self.channel,
            "lost": self.lost._asdict(),
            "moved": self.moved,
            "expected": self.expected._asdict(),
        }


@final
@dataclass(frozen=True)
class Ranking:
    """The channels of a layer, those first that cost most; `whole` is false where the user stopped it.

    Channels are silenced in what the module called `place` gives. Equal losses of the metric are put in order by how
    far answers move.
    """

    place: str
    metric: Metric
    value: float  # of the metric with all channels: the mean over pictures
    pictures: int
    of: int
    channels: tuple[Channel, ...]

    @property
    def whole(self) -> bool:
        """Whether all channels were silenced."""
        return len(self.channels) == self.of

    @property
    def agreement(self) -> float | None:
        """The rank correlation (Spearman) of what is lost and what was expected; None where all are equal."""
        lost = [each.lost.value for each in self.channels]
        expected = [each.expected.value for each in self.channels]
        if len(set(lost)) < 2 or len(set(expected)) < 2:
            return None
        found = float(stats.spearmanr(lost, expected).statistic)
        return None if isnan(found) else found


def place_of(stop: Stop, stops: Sequence[Stop]) -> str:
    """The module in which a layer's channels are silenced: the last of the layer that runs but once.

    Silencing a convolution before its normalisation would leave that one's shift.
    """
    names = [name for each in stops for name in each.names]
    once = [name for name in stop.names if names.count(name) == 1]
    return once[-1] if once else stop.name


@final
@dataclass(frozen=True)
class Silencing:
    """Silences the channels of the layer `stop` in the module called `place`, and judges `examples` each time."""

    network: OpenNetwork
    stop: Stop
    place: str
    examples: Examples
    settings: TrainSettings

    def ranking(self, listener: Listener) -> Ranking:
        """All channels; after Ctrl-C those that are done, which are those expected to matter most."""
        expected = self.expected()
        metric = reader_of(self.network.card).metrics().selected_by[0]
        before, answers = self._judged(metric)
        channels, count = [], self.stop.volume[2]
        order = np.argsort(-expected.mean(axis=0), kind="stable").tolist()
        try:
            with listener.counting("silencing channels", count) as advance:
                for channel in order:
                    channels.append(self._channel(channel, metric, before, answers, expected[:, channel]))
                    advance(1)
        except KeyboardInterrupt:
            listener.say(f"stopped: {len(channels)} of {count} channels were silenced, those expected to matter most")
        channels.sort(key=lambda each: (-each.lost.value, -each.moved, each.channel))
        value = float(np.nanmean(before))
        return Ranking(self.place, metric, value, len(self.examples), count, tuple(channels))

    def expected(self) -> NDArray[np.float64]:
        """The estimate for each picture and channel: |the sum over a map of its values times their gradients|."""
        task, card = task_of(self.network.card.task), self.network.card
        learner = learner_of(task, self.network.model, card, self.settings, None).eval()
        targets, inputs = task.targets(self.examples), InputLayer(card.input)
        found = []
        for start in range(0, len(self.examples), _BATCH):
            chosen = np.arange(start, min(start + _BATCH, len(self.examples)))
            planes = inputs(torch.from_numpy(self.examples.images.take(chosen))).detach().requires_grad_()
            found.append(self._expected(learner.step, Batch({"image": planes}, targets.take(chosen))))
        return np.concatenate(found)

    def _expected(self, step: Any, batch: Batch) -> NDArray[np.float64]:
        seen: list[Tensor] = []
        losses: list[Tensor] = []

        def update(loss: Tensor, optimizer: str = MAIN) -> None:
            losses.append(loss)

        with watching(self.network.layer(self.place), seen.append):
            step(batch, update)
        # A loss is a mean over the batch; what a picture adds to it is its own.
        gradients = torch.autograd.grad(torch.stack(losses).sum() * len(batch), seen)
        products = [maps.detach() * gradient for maps, gradient in zip(seen, gradients, strict=True)]
        added = torch.stack([each.sum(dim=self.stop.field.places) for each in products]).sum(dim=0)
        found: NDArray[np.float64] = added.abs().double().numpy()
        return found

    def _channel(
        self,
        channel: int,
        metric: Metric,
        before: NDArray[np.float64],
        answers: Mapping[int, Result],
        expected: NDArray[np.float64],
    ) -> Channel:
        with watching(self.network.layer(self.place), lambda maps: self._silent(maps, channel)):
            after, changed = self._judged(metric)
        moved = [answers[index].difference(result).largest for index, result in changed.items()]
        return Channel(channel, _mean(before - after), float(np.mean(moved)), _mean(expected))

    def _silent(self, maps: Tensor, channel: int) -> Tensor:
        found = maps.clone()
        found.select(next(axis for axis in (1, 3) if axis not in self.stop.field.places), channel).zero_()
        return found

    def _judged(self, metric: Metric) -> tuple[NDArray[np.float64], dict[int, Result]]:
        """The metric of each picture by itself, larger for better and NaN where it has none, and the answers."""
        card = self.network.card
        reader = reader_of(card)
        values, answers = np.full(len(self.examples), np.nan), dict[int, Result]()

        def hear(index: int, target: Result, result: Result) -> None:
            single = reader.metrics()
            single.update(target, result)
            answers[index] = result
            measured = single.compute(intervals=False).get(metric.name)
            if measured is not None:
                values[index] = metric.signed(measured.value)

        engine = TorchEngine(task_of(card.task).graph(self.network.model, card), torch.device("cpu"))
        judge(engine, reader, self.examples, hear=hear)
        return values, answers


def _mean(values: NDArray[np.float64]) -> Measured:
    """The mean over pictures that have a value, with its 95 % interval by the bootstrap."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Measured(0.0, 0.0, 0.0)
    return bootstrapped(lambda weights: {"mean": weights @ known / weights.sum(axis=1)}, len(known), _RESAMPLES)["mean"]
