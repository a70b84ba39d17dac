"""The maps of a layer and their gradients, whatever a network does with them later."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.inside.subjects import CLASSES, map_by, random_subject, subject_of
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.explain.subject import Subject
from convsight.inside.map_gradients import LayerMaps, maps_and_gradients


class Net(nn.Module):
    """What `runs` makes of the layers: maps, of which a dense layer gets the means."""

    def __init__(self, runs: Callable[["Net", Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dense = nn.Linear(6, len(CLASSES))
        self.runs = runs

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.dense(self.runs(self, images).mean(dim=(2, 3)))
        return found


def seen_of(subject: Subject, layer: str | None) -> LayerMaps:
    network = subject.open_network()
    return maps_and_gradients(network, network.planes(subject.array[None]), subject.question, layer)


def small(runs: Callable[[Net, Tensor], Tensor]) -> Subject:
    return subject_of(Net(runs), "conv 6 3x3 | globalavg | dense classes", 12, 12, 3)


def test_what_is_changed_in_place_later_is_seen_as_the_layer_gave_it() -> None:
    subject = small(lambda net, images: net.relu(net.first(images)))
    network = subject.open_network()
    planes = network.planes(subject.array[None])
    given = network.layer("first")(planes)
    found = seen_of(subject, "first")
    torch.testing.assert_close(found.maps, given)
    weights = network.layer("dense").weight[2][None, :, None, None] / 144
    torch.testing.assert_close(found.gradient, torch.where(given > 0, weights, 0.0))
    torch.testing.assert_close(seen_of(subject, "relu").maps, given.relu())


def test_of_a_layer_that_runs_twice_the_last_call_is_meant() -> None:
    subject = small(lambda net, images: net.second(net.second(net.first(images))))
    network = subject.open_network()
    once = network.layer("second")(network.layer("first")(network.planes(subject.array[None])))
    torch.testing.assert_close(seen_of(subject, "second").maps, network.layer("second")(once))


def test_a_call_that_the_answer_does_not_depend_on_is_passed_over() -> None:
    def runs(net: Net, images: Tensor) -> Tensor:
        found: Tensor = net.second(net.first(images))
        net.second(found)
        return found

    subject = small(runs)
    network = subject.open_network()
    once = network.layer("second")(network.layer("first")(network.planes(subject.array[None])))
    torch.testing.assert_close(seen_of(subject, "second").maps, once)
    torch.testing.assert_close(seen_of(subject, None).maps, once)


def test_maps_of_a_layer_that_does_not_run_or_gives_none() -> None:
    subject = small(lambda net, images: net.first(images))
    for layer in ("second", "dense"):
        with pytest.raises(UserError, match=f"--layer {layer} gives no maps; the last that do: first"):
            seen_of(subject, layer)
    with pytest.raises(UserError, match="unknown layer 'frist'; did you mean first"):
        seen_of(subject, "frist")


@pytest.mark.parametrize("net", ["perceptron", "mlp", "flatten | dense 8 relu | dense classes"])
def test_a_network_without_maps_is_told_which_methods_apply(net: str) -> None:
    with pytest.raises(UserError, match=r"has no layer with maps; methods that need none: occlusion, .*saliency"):
        map_by("gradcam", random_subject(net, 12))


def test_an_answer_that_nothing_changes_has_gradients_of_zero() -> None:
    subject = small(lambda net, images: net.first(images))
    subject.open_network().layer("dense").weight.zero_()
    assert not map_by("gradcam", subject).any()
    assert not map_by("gradcampp", subject).any()
    assert not map_by("saliency", subject).any()


def test_channels_that_lie_last_are_maps_too() -> None:
    subject = random_subject("swin_t", 64)
    found = seen_of(subject, "features.7")
    given = subject.open_network().model.features(subject.open_network().planes(subject.array[None]))
    assert found.maps.shape == (1, 768, 2, 2)
    torch.testing.assert_close(found.maps, given.permute(0, 3, 1, 2))


def test_tokens_are_maps_behind_that_of_the_class() -> None:
    subject = random_subject("timm/vit_tiny_patch16_224", 48, width=64)
    found = seen_of(subject, None)
    assert found.layer == "blocks.11.norm1"
    assert found.maps.shape == found.gradient.shape == (1, 192, 3, 4)
    with pytest.raises(UserError, match=r"does not depend on its maps; the last that matters: blocks\.11\.norm1"):
        seen_of(subject, "blocks.11")
    tokens: list[Tensor] = []
    network = subject.open_network()
    network.layer("blocks.3").register_forward_hook(lambda _, __, given: tokens.append(given))
    third = seen_of(subject, "blocks.3")
    np.testing.assert_allclose(third.maps[0, :, 1, 2], tokens[0][0, 1 + 6].detach())
