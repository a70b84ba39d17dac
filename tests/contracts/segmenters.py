"""What every network for segmentation must do. A test class that inherits it is parametrised by `name`."""

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter
from convsight.tasks.segmentation.networks import NETWORKS

SHAPE = NetShape(outputs=3, channels=3, height=64, width=96)


def seeded(name: str, seed: int = 0, shape: NetShape = SHAPE) -> Segmenter:
    """A network whose weights depend on the seed alone."""
    torch.manual_seed(seed)
    return NETWORKS.build(name, shape)


def images(shape: NetShape = SHAPE, batch: int = 2) -> Tensor:
    """Normalised noise in place of images."""
    noise = torch.Generator().manual_seed(1)
    return torch.randn(batch, shape.channels, shape.height, shape.width, generator=noise)


def awake(name: str) -> Segmenter:
    """A network in which no layer begins at zero."""
    net = seeded(name)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
    return net


class SegmenterContract:
    """Sides, gradients, seeds, company, stages and export."""

    @pytest.mark.parametrize(("channels", "height", "width"), [(3, 64, 96), (1, 70, 45), (4, 64, 64)])
    def test_logits_have_the_sides_of_the_images(self, name: str, channels: int, height: int, width: int) -> None:
        shape = NetShape(3, channels, height, width)
        net = seeded(name, shape=shape)
        for mode in (net.train(), net.eval()):
            found = mode(images(shape))
            assert found.shape == (2, 3, height, width)
            assert found.isfinite().all()

    def test_what_is_taught_reaches_every_parameter(self, name: str) -> None:
        net = awake(name).train()
        answers = net.answers(images(batch=4))
        assert all(answer.logits.shape == (4, 3, 64, 96) for answer in answers)
        torch.stack([answer.weight * answer.logits.square().mean() for answer in answers]).sum().backward()  # type: ignore[no-untyped-call]
        assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []

    def test_the_first_answer_is_what_is_deployed(self, name: str) -> None:
        net = awake(name).eval()
        with torch.no_grad():
            torch.testing.assert_close(net.answers(images())[0].logits, net(images()))

    def test_a_prediction_does_not_depend_on_the_batch(self, name: str) -> None:
        net = awake(name).eval()
        with torch.no_grad():
            torch.testing.assert_close(net(images())[1:], net(images()[1:]), rtol=1e-4, atol=1e-4)

    def test_same_seed_same_weights_another_seed_others(self, name: str) -> None:
        one, same, other = (seeded(name, seed).state_dict() for seed in (5, 5, 6))
        assert all(torch.equal(one[key], same[key]) for key in one)
        assert not all(torch.equal(one[key], other[key]) for key in one)

    def test_what_is_borrowed_belongs_to_it(self, name: str) -> None:
        net = seeded(name)
        own = {value.data_ptr() for value in net.state_dict().values()}
        assert all(value.data_ptr() in own for value in net.borrowed().values())

    def test_its_stages_are_of_what_finds_features(self, name: str) -> None:
        net = seeded(name)
        stages = net.backbone_stages((1, 3, 64, 96)).stages
        assert len(stages) >= 2
        inside = tuple(f"{part}." for part in net.backbone)
        assert all(layer.startswith(inside) for stage in stages for layer in stage.layers)

    def test_it_can_be_exported_for_any_batch(self, name: str) -> None:
        net = awake(name).eval()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
            program = torch.export.export(net, (images(),), dynamic_shapes=({0: Dim("batch", min=1)},))
            for batch in (1, 3):
                torch.testing.assert_close(
                    program.module()(images(batch=batch)), net(images(batch=batch)), rtol=1e-4, atol=1e-5
                )


def parameters(net: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(parameter.numel() for parameter in net.parameters())
