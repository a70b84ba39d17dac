"""The network that a training begins with: fresh, or with pretrained weights and a last layer fitted to the data."""

import time
from typing import NamedTuple

import torch
from torch import nn

from convsight.card import Card
from convsight.datasets import Examples
from convsight.nets.memory_format import channels_last
from convsight.nets.weights import Weights
from convsight.progress import Listener
from convsight.runtime.judge import judge
from convsight.tasks.capabilities import HeadStarting, pretrained
from convsight.tasks.contract import Task
from convsight.training.choices import Choices
from convsight.training.state import Training
from convsight.training.validation import keep_first, validating

FROZEN = "frozen features"  # the baseline of a pretrained network with nothing but its last layer fitted
_SHARE = 1 / 3  # of the time left that the features of a head start may take


class Pretrained(NamedTuple):
    """Weights to begin with, and the moment of `time.monotonic` at which the training must end; None: never."""

    weights: Weights
    deadline: float | None


def first_network(
    task: Task, card: Card, given: Pretrained | None, choices: Choices, seed: int, listener: Listener
) -> nn.Module:
    """The network, with the weights that are `given`. The same seed gives the same first weights."""
    torch.manual_seed(seed)
    # cuDNN's fastest algorithms add in another order every time.
    torch.backends.cudnn.deterministic = True
    network = task.build(card)
    if given is not None:
        for note in pretrained(task, given.weights.origin).adapt(network, card, given.weights):
            listener.say(note)
    return network


def start_head(
    task: Task,
    network: nn.Module,
    card: Card,
    train: Examples,
    given: Pretrained | None,
    choices: Choices,
    listener: Listener,
) -> float | None:
    """Fit the last layer of a pretrained `network`; returns its loss on `train`, None where none was fitted."""
    if given is None or not isinstance(task, HeadStarting):
        return None
    network = channels_last(network.to(choices.device))
    seconds = None if given.deadline is None else _SHARE * max(0.0, given.deadline - time.monotonic())
    return task.head_start(network, card, train, seconds, listener)


def keep_beginning(t: Training, loss: float, test: Examples, listener: Listener) -> None:
    """Keep the network with its fitted last layer as epoch 0; `t.frozen` then holds what it reaches on `test`.

    The training goes on from there, and it is seen what that adds to features which others had learnt.
    """
    judged = t.frozen_part.examples.get("test", t.validated) if t.frozen_part else test
    metrics = judge(t.processes.shared(validating(t)), t.reader, judged)
    reached = metrics.compute()
    t.frozen = {name: reached[name] for name in metrics.drawn if name in reached}
    listener.say(keep_first(t, loss, listener))
