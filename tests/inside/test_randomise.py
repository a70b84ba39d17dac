"""Maps of networks with fresh weights: what a map keeps of them no training put there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from convsight.card import Card
from convsight.errors import UserError
from convsight.explain import method as methods
from convsight.explain.explain import load_explained
from convsight.explain.method import Method, MethodEntry
from convsight.explain.subject import Subject
from convsight.export.torch_engine import TorchEngine
from convsight.inputs import ImageInput
from convsight.inside.open_network import OpenNetwork
from convsight.inside.randomise import fresh_network, randomised
from convsight.runtime.find_network import NetworkName
from convsight.targets import Classes
from convsight.tasks import reader_of, task_of
from convsight.tasks.question import explainable

SIDES = ImageInput(height=24, width=24, fit="squash", mean=(0.5,) * 3, std=(0.25,) * 3)
CARD = Card(
    task="classification",
    net="conv 6 3x3 relu | conv 6 3x3 relu | globalavg | dense classes",
    target=Classes(names=("red", "blue")),
    input=SIDES,
)


@final
class Edges(Method):
    """What stays the same whatever the network is."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        found: NDArray[np.float64] = ndimage.sobel(subject.array.mean(axis=2))
        return found


@final
class Answers(Method):
    """A map of nothing but what the network answers to the picture."""

    scale = "relative"
    signed = False

    def importance(self, subject: Subject) -> NDArray[np.float64]:
        return np.random.default_rng(int(subject.score * 1e9)).random(subject.sides)


@pytest.fixture(autouse=True)
def _own_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Edges, Answers):
        entry = MethodEntry(f"{__name__}:{kind.__name__}", "for this test")
        monkeypatch.setitem(methods.METHODS, kind.__name__, entry)


def network() -> OpenNetwork:
    torch.manual_seed(99)
    return OpenNetwork(task_of(CARD.task).build(CARD).eval().requires_grad_(False), CARD)


def subjects(count: int = 8) -> list[Subject]:
    opened = network()
    engine = TorchEngine(task_of(CARD.task).graph(opened.model, CARD), torch.device("cpu"))
    reader = explainable(reader_of(CARD))
    found = []
    for number in range(count):
        picture = np.random.default_rng(number).integers(0, 256, (24, 24, 3), np.uint8)
        arrays = {name: values[0] for name, values in engine.run(picture[None]).items()}
        found.append(
            Subject(
                picture,
                (24, 24),
                SIDES,
                engine,
                reader.question(arrays, (24, 24), "red"),
                original=lambda: Image.new("RGB", (24, 24)),
                open_network=lambda: opened,
            )
        )
    return found


def test_fresh_weights_are_those_of_the_seed_and_draw_nothing_from_others() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (fresh_network(network(), seed).model.state_dict() for seed in (1, 1, 2))
    torch.manual_seed(5)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one if name.endswith("weight"))


def test_an_edge_detector_does_not_depend_on_the_model() -> None:
    found = randomised("Edges", subjects(), seeds=2)
    assert found.verdict == "does not depend on the model"
    assert found.rank.untrained.value == pytest.approx(1)
    assert found.ssim.untrained.value == pytest.approx(1)
    assert abs(found.rank.floor.value) < 0.1


def test_a_map_of_the_answer_alone_is_new_for_each_network_through_its_engine() -> None:
    found = randomised("Answers", subjects(), seeds=2)
    assert abs(found.rank.untrained.value) < 0.05
    assert found.verdict != "does not depend on the model"


def test_methods_that_follow_gradients_see_the_fresh_network() -> None:
    found = randomised("saliency", subjects(3), seeds=1)
    assert found.rank.untrained.value < 0.99
    assert (found.pictures, found.seeds, found.method) == (3, 1, "saliency")


def test_tiny_pictures_have_a_structure_too() -> None:
    tiny = [replace(subject, array=subject.array[:8, :8]) for subject in subjects(4)]
    found = randomised("Edges", tiny, seeds=1)
    assert found.ssim.untrained.value == pytest.approx(1)
    assert found.ssim.floor.value < 0.9


def test_one_picture_is_too_few() -> None:
    with pytest.raises(UserError, match="at least 2 pictures, not of 1"):
        randomised("Edges", subjects(1))


def photo_subjects(folder: Path, count: int) -> list[Subject]:
    """Photos as the shipped network of ImageNet sees them, each asked about by its surest class."""
    model = load_explained(NetworkName("imagenet", "torch"))
    return [model.subject(photo) for photo in sorted(folder.glob("*.webp"))[:count]]


@pytest.mark.slow
def test_of_few_photos_guided_backpropagation_keeps_most_where_nothing_was_learnt(
    shared_data: Callable[[str], Path],
) -> None:
    subjects = photo_subjects(shared_data("kodak12"), 3)
    methods = ("guided-backprop", "saliency", "gradcam")
    above = {name: randomised(name, subjects, seeds=1).ssim.above.value for name in methods}
    assert above["guided-backprop"] > 0.02
    assert above["saliency"] < 0
    assert above["gradcam"] < 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("guided-backprop", "does not depend on the model"),
        ("saliency", "depends on the model"),
        ("gradcam", "depends on the model"),
    ],
)
def test_on_photos_guided_backpropagation_fails_where_gradient_and_grad_cam_pass(
    method: str, expected: str, shared_data: Callable[[str], Path]
) -> None:
    assert randomised(method, photo_subjects(shared_data("kodak12"), 12), seeds=3).verdict == expected
