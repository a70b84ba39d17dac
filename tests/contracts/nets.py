"""What every network of the catalogue must do. A test class that inherits it is parametrised by `name`."""

from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net, check_size, net_entry, smallest_side
from convsight.nets.encoder import STRIDES, Encoder, build_encoder

_OUTPUTS = 3

# One of each architecture of torchvision; within one, networks differ only in depth and width.
ONE_OF_EACH = {
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet", "inception_v3"),
    *("maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18"),
    *("resnet50", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t", "swin_v2_t", "vgg11"),
    *("vgg11_bn", "vit_b_16", "vit_b_32", "vit_h_14", "wide_resnet50_2"),
}


def working_side(name: str) -> int:
    """A small side in px that every network of ours takes, or the smallest `name` takes."""
    return max(32, smallest_side(name, 3, _OUTPUTS))


def seeded(name: str, seed: int, shape: NetShape) -> nn.Module:
    """A network whose weights depend on the seed alone."""
    torch.manual_seed(seed)
    return build_net(name, shape)


def images(shape: NetShape, batch: int = 2) -> Tensor:
    """Normalised noise in place of images."""
    noise = torch.Generator().manual_seed(1)
    return torch.randn(batch, shape.channels, shape.height, shape.width, generator=noise)


# Transformers over patches, whose only map is the patches themselves.
WITHOUT_MAPS = {"vit_b_16", "vit_b_32", "vit_h_14"}


def check_encoder(name: str, encoder: Encoder, height: int, width: int) -> None:
    """Fail unless maps have the channels and strides that the encoder says, for two sizes of images.

    Networks round sides up or down, so a stride is how many pixels more give one cell more.
    """
    more = max(2 * STRIDES[-1], net_entry(name).multiple)
    encoder = encoder.to("meta").eval()
    with torch.no_grad():
        small, large = (encoder(torch.empty(1, 3, height + added, width + added, device="meta")) for added in (0, more))
    for less, greater, channels, stride in zip(small, large, encoder.channels, encoder.strides, strict=True):
        assert less.shape[1] == greater.shape[1] == channels
        for axis in (2, 3):
            assert (greater.shape[axis] - less.shape[axis]) * stride == more, (channels, stride)
    assert list(encoder.strides) == sorted(set(encoder.strides) & set(STRIDES))


class NetContract:
    """Outputs, gradients, state, seeds, sizes and maps of the network called `name`."""

    name: ClassVar[str]

    @pytest.fixture(name="name")
    def _name(self) -> str:
        return self.name

    @pytest.fixture
    def shape(self, name: str) -> NetShape:
        side = working_side(name)
        return NetShape(_OUTPUTS, 3, side, side)

    @pytest.mark.parametrize(("channels", "outputs"), [(1, 10), (3, 2), (4, 3), (13, 3)])
    def test_gives_its_outputs_while_training_and_after(self, name: str, channels: int, outputs: int) -> None:
        side = working_side(name)
        shape = NetShape(outputs, channels, side, side)
        net = seeded(name, 0, shape)
        for mode in (net.train(), net.eval()):
            found = mode(images(shape))
            assert found.shape == (2, outputs)
            assert found.isfinite().all()

    def test_gradient_reaches_every_parameter(self, name: str, shape: NetShape) -> None:
        net = seeded(name, 0, shape)
        # Some nets start layers at zero, where nothing flows back; a little noise starts them.
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.05)
        net(images(shape, batch=4)).square().sum().backward()
        reached = {n: p.grad is not None and bool(p.grad.any()) for n, p in net.named_parameters()}
        assert all(reached.values()), [n for n, yes in reached.items() if not yes]

    def test_state_carries_over_to_a_fresh_net(self, name: str, shape: NetShape) -> None:
        trained, fresh = seeded(name, 0, shape), seeded(name, 1, shape)
        trained.train()(images(shape))  # moves the running statistics of batch normalisation too
        fresh.load_state_dict(trained.state_dict())
        with torch.no_grad():
            assert torch.equal(fresh.eval()(images(shape)), trained.eval()(images(shape)))

    def test_same_seed_same_weights_another_seed_others(self, name: str, shape: NetShape) -> None:
        one, same, other = (seeded(name, seed, shape).state_dict() for seed in (5, 5, 6))
        assert all(torch.equal(one[key], same[key]) for key in one)
        assert not all(torch.equal(one[key], other[key]) for key in one)

    def test_a_prediction_does_not_depend_on_the_batch(self, name: str, shape: NetShape) -> None:
        net = seeded(name, 0, shape).eval()
        batch = images(shape, batch=3)
        with torch.no_grad():
            torch.testing.assert_close(net(batch)[1:2], net(batch[1:2]), rtol=1e-4, atol=1e-4)

    def test_smallest_side_works(self, name: str) -> None:
        side = smallest_side(name, 3, _OUTPUTS)
        shape = NetShape(_OUTPUTS, 3, side, side)
        assert seeded(name, 0, shape)(images(shape)).shape == (2, _OUTPUTS)

    def test_one_pixel_less_fails_and_names_the_smallest(self, name: str) -> None:
        smallest = smallest_side(name, 3, _OUTPUTS)
        if smallest == 1:
            return
        shape = NetShape(_OUTPUTS, 3, smallest - 1, smallest - 1)
        with pytest.raises(UserError, match=rf"^{name} .*; {smallest - 1} was asked: use --size {smallest}\b"):
            check_size(name, shape)
        if net_entry(name).multiple == 1:
            with pytest.raises((RuntimeError, ValueError, UserError)):
                net_entry(name).build(shape)(images(shape))

    def test_its_maps_are_what_its_encoder_says_or_it_says_that_there_are_none(self, name: str) -> None:
        side = max(96, smallest_side(name, 3, _OUTPUTS))
        shape = NetShape(_OUTPUTS, 3, side, side)
        try:
            encoder = build_encoder(name, shape)
        except UserError:
            with pytest.raises(UserError, match=f"^{name} has no maps of features to begin with"):
                build_encoder(name, shape)
            return
        check_encoder(name, encoder, side, side)
