"""A method's maps beside those of the same network with fresh weights; see `explain/randomisation.py`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.explain.likeness import rank_correlation, strength, structural_similarity
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.randomisation import Alike, Randomisation
from convsight.explain.subject import Subject
from convsight.export.torch_engine import TorchEngine
from convsight.inside.open_network import OpenNetwork
from convsight.tasks import task_of

Floats = NDArray[np.float64]

SEEDS = 5
_LEAST_SIDE = 16  # px over which structures are compared
_OTHERS = 5  # pictures whose maps each map is compared with


def randomised(
    method: str, subjects: Sequence[Subject], options: MethodOptions | None = None, seeds: int = SEEDS
) -> Randomisation:
    """How alike the maps of `subjects` by `method` are to those of `seeds` networks with fresh weights.

    Subjects are pictures of one network, at least two. What is asked about each stays. Fresh weights are those that a
    training begins with: of every layer, drawn by the network's own initialiser.
    """
    if len(subjects) < 2:
        raise UserError(f"whether maps depend on the network is told of at least 2 pictures, not of {len(subjects)}")
    made = make_method(method, options or MethodOptions())
    trained = [made.importance(subject) for subject in subjects]
    network: OpenNetwork = subjects[0].open_network()
    untrained = np.zeros((len(subjects), 2))
    for seed in range(seeds):
        fresh = fresh_network(network, seed)
        # On the processor, where gradients are: what runs elsewhere would take the weights with it.
        engine = TorchEngine(task_of(fresh.card.task).graph(fresh.model, fresh.card), torch.device("cpu"))
        answering = partial(replace, engine=engine, open_network=partial(_same, fresh))
        for place, subject in enumerate(subjects):
            untrained[place] += _alike(trained[place], made.importance(answering(subject)), subject.sides)
    floor = np.array([_to_others(trained, place, subject.sides) for place, subject in enumerate(subjects)])
    kinds = [Alike.of(one, two) for one, two in zip((untrained / seeds).T, floor.T, strict=True)]
    return Randomisation(method, len(subjects), seeds, *kinds)


def fresh_network(network: OpenNetwork, seed: int) -> OpenNetwork:
    """The same network, every weight of it drawn anew; other random numbers stay what they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = task_of(network.card.task).build(network.card)
    return OpenNetwork(model.eval().requires_grad_(False), network.card)


def _same(network: OpenNetwork) -> OpenNetwork:
    return network


def _to_others(maps: Sequence[Floats], place: int, sides: tuple[int, int]) -> Floats:
    """The mean likeness of the map at `place` to those of the pictures after it, from the first again at the end."""
    steps = range(1, min(_OTHERS, len(maps) - 1) + 1)
    likeness = [_alike(maps[place], maps[(place + step) % len(maps)], sides) for step in steps]
    found: Floats = np.stack(likeness).mean(axis=0)
    return found


def _alike(one: Floats, other: Floats, sides: tuple[int, int]) -> Floats:
    """Rank correlation and structural similarity of absolute values; tiny pictures are enlarged for the latter."""
    height, width = (max(side, _LEAST_SIDE) for side in sides)
    strong = strength(one, (height, width)), strength(other, (height, width))
    return np.array([rank_correlation(np.abs(one), np.abs(other)), structural_similarity(*strong)])
