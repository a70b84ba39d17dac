"""Maps of a box that was found: on the thing that it is about, and not on another."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.contracts.detectors import learns_one_image, two_boxes
from torch import nn

from convsight.card import Card
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject
from convsight.export.torch_engine import TorchEngine
from convsight.inputs import ImageInput
from convsight.inside.map_gradients import maps_and_gradients
from convsight.inside.open_network import OpenNetwork
from convsight.targets import Classes, Palette
from convsight.tasks import reader_of, task_of
from convsight.tasks.boxes.asked import weights_at
from convsight.tasks.question import explainable

SIDES = ImageInput(height=64, width=64, fit="squash", mean=(0.0,) * 3, std=(0.5,) * 3)
CARD = Card(task="detection", net="yolo-n", target=Classes(names=("red", "blue")), input=SIDES)
INSIDE = {"red": np.s_[8:32, 4:28], "blue": np.s_[24:60, 36:60]}


class Learnt(NamedTuple):
    network: OpenNetwork
    engine: TorchEngine
    picture: NDArray[np.uint8]


@cache
def learnt() -> Learnt:
    """A detector that has learnt one picture with a red and a blue box."""
    model = learns_one_image("yolo-n", 40, 2e-3)
    seen, _ = two_boxes()
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        layer.momentum = 1.0  # what it has seen last, after the last step
    with torch.no_grad():
        model.train()(seen)
    model.eval().requires_grad_(False)
    engine = TorchEngine(task_of("detection").graph(model, CARD), torch.device("cpu"))
    picture = np.rint(seen[0].permute(1, 2, 0).numpy() / 2 * 255).astype(np.uint8)
    return Learnt(OpenNetwork(model, CARD), engine, picture)


def subject(wanted: str | None) -> Subject:
    network, engine, picture = learnt()
    arrays = {name: values[0] for name, values in engine.run(picture[None]).items()}
    question = explainable(reader_of(CARD)).question(arrays, (64, 64), wanted)
    return Subject(
        picture,
        (64, 64),
        SIDES,
        engine,
        question,
        original=lambda: Image.fromarray(picture),
        open_network=lambda: network,
    )


def share_inside(values: NDArray[np.float64], name: str) -> float:
    """The share of a map's mass that lies inside the box of that colour."""
    rows, columns = values.shape
    fine = np.abs(values).repeat(64 // rows, axis=0).repeat(64 // columns, axis=1)
    return float(fine[INSIDE[name]].sum() / fine.sum())


def share_of_area(name: str) -> float:
    area = np.zeros((64, 64))
    area[INSIDE[name]] = 1
    return float(area.mean())


@pytest.mark.parametrize("method", ["gradcam", "hirescam"])
@pytest.mark.parametrize("name", INSIDE)
def test_the_map_of_a_box_is_on_its_thing_and_less_on_the_other(name: str, method: str) -> None:
    found = make_method(method, MethodOptions()).importance(subject(name))
    other = next(each for each in INSIDE if each != name)
    assert share_inside(found, name) > 1.5 * share_of_area(name)
    assert share_inside(found, name) > share_inside(found, other)


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize(
    ("method", "options"),
    [("gradcampp", MethodOptions()), ("saliency", MethodOptions()), ("occlusion", MethodOptions(window=16, stride=8))],
)
def test_more_of_a_boxs_map_lies_inside_of_it_than_by_chance(name: str, method: str, options: MethodOptions) -> None:
    found = make_method(method, options).importance(subject(name))
    assert share_inside(found, name) > share_of_area(name)


def test_the_asked_number_is_about_the_logit_of_the_score() -> None:
    for name in INSIDE:
        one = subject(name)
        network = learnt().network
        asked = float(network.asked(network.planes(one.array[None]), one.question).detach())
        assert 1 / (1 + np.exp(-asked)) == pytest.approx(one.score, abs=0.15)


def test_grad_cam_looks_at_the_level_from_which_the_box_was_told() -> None:
    network = learnt().network
    for name in INSIDE:
        one = subject(name)
        planes = network.planes(one.array[None])
        boxes, logits = network.model.said_of(planes.detach(), one.question.label)  # type: ignore[operator,attr-defined]
        at = int((logits + weights_at(boxes, one.question.box).log()).argmax())  # type: ignore[attr-defined]
        # Of 64 px there are 8 x 8 cells, then 4 x 4, then 2 x 2.
        level = 0 if at < 64 else 1 if at < 80 else 2
        layer = ("net.neck.downwards.0", "net.neck.upwards.0", "net.neck.upwards.1")[level]
        found = maps_and_gradients(network, planes, one.question, None)
        assert found.layer == layer
        assert found.maps.shape[2:] == (8 >> level, 8 >> level)


def test_where_every_pixel_is_answered_grad_cam_looks_at_the_coarsest_maps() -> None:
    card = Card(task="segmentation", net="unet-s", target=Palette.of(("sky", "car")), input=SIDES)
    torch.manual_seed(0)
    task = task_of("segmentation")
    network = OpenNetwork(task.build(card).eval().requires_grad_(False), card)
    engine = TorchEngine(task.graph(network.model, card), torch.device("cpu"))
    picture = learnt().picture
    arrays = {name: values[0] for name, values in engine.run(picture[None]).items()}
    question = explainable(reader_of(card)).question(arrays, (64, 64), None)
    found = maps_and_gradients(network, network.planes(picture[None]), question, None)
    assert found.maps.shape[2:] == (4, 4)
    assert bool(found.gradient.any())
