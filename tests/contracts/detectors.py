"""What every detector must do. A test class that inherits it is parametrised by `name`."""

import warnings
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from convsight.nets.entry import NetShape
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.networks import NETWORKS, check_detector

SHAPE = NetShape(outputs=2, channels=3, height=64, width=96)
SETTINGS = DetectionSettings()

# Two things, one, and none.
TARGETS = {
    "boxes": torch.tensor(
        [[[0.1, 0.1, 0.5, 0.6], [0.4, 0.3, 0.9, 0.9]], [[0.2, 0.2, 0.3, 0.9], [0, 0, 0, 0]], [[0.0] * 4] * 2]
    ),
    "labels": torch.tensor([[0, 1], [1, -1], [-1, -1]]),
}


def seeded(name: str, seed: int, shape: NetShape = SHAPE) -> Detector:
    """A detector whose weights depend on the seed alone."""
    torch.manual_seed(seed)
    return NETWORKS.build(name, shape)


def images(shape: NetShape = SHAPE, batch: int = 3) -> Tensor:
    """Normalised noise in place of images."""
    noise = torch.Generator().manual_seed(1)
    return torch.randn(batch, shape.channels, shape.height, shape.width, generator=noise)


def awake(name: str, seed: int, shape: NetShape = SHAPE) -> Detector:
    """A detector whose predictions vary: its batch normalisation knows the images, its last layers speak up."""
    net = seeded(name, seed, shape)
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    default = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = None  # the mean of what it has seen
    with torch.no_grad():
        for _ in range(2):
            net.train()(images(shape))
    for layer, momentum in zip(norms, default, strict=True):
        layer.momentum = momentum
    return net.eval()


class DetectorContract:
    """Losses, gradients, proposals, seeds, company, sizes and export."""

    # Some settle boxes with random draws.
    @pytest.fixture(autouse=True)
    def _same_draws(self) -> None:
        torch.manual_seed(7)

    def test_losses_are_finite_and_reach_every_parameter(self, name: str) -> None:
        check_detector(name, SHAPE)
        net = seeded(name, 0)
        losses = net.losses(images(), TARGETS, SETTINGS)
        assert all(value.ndim == 0 and value.isfinite() for value in losses.values())
        parts = [value for part, value in losses.items() if part != "total"]
        if parts:
            torch.testing.assert_close(losses["total"], torch.stack(parts).sum())
        losses["total"].backward()  # type: ignore[no-untyped-call]
        assert all(p.requires_grad for p in net.parameters())
        assert [n for n, p in net.named_parameters() if p.grad is None] == []
        assert all(bool(p.grad.isfinite().all()) for p in net.parameters() if p.grad is not None)

    def test_a_batch_without_boxes_teaches_too(self, name: str) -> None:
        nothing = {"boxes": torch.zeros(2, 1, 4), "labels": torch.full((2, 1), -1)}
        total = seeded(name, 0).losses(images(batch=2), nothing, SETTINGS)["total"]
        assert total.isfinite()
        assert total.requires_grad

    @pytest.mark.parametrize("most", [7, 100])
    def test_candidates_are_sorted_and_lie_in_the_image(self, name: str, most: int) -> None:
        with torch.no_grad():
            found = awake(name, 0).candidates(images(), most)
        count = found.scores.shape[1]
        assert 1 <= count <= most
        assert found.boxes.shape == (3, count, 4)
        assert found.labels.shape == (3, count)
        assert not found.labels.is_floating_point()
        assert 0 <= int(found.labels.min()) <= int(found.labels.max()) < SHAPE.outputs
        assert 0 <= float(found.scores.min()) <= float(found.scores.max()) <= 1
        assert all(bool((one >= other).all()) for one, other in pairwise(found.scores.unbind(dim=1)))
        assert 0 <= float(found.boxes.min()) <= float(found.boxes.max()) <= 1
        assert bool((found.boxes[..., 2:] >= found.boxes[..., :2]).all())

    def test_a_prediction_does_not_depend_on_the_batch(self, name: str) -> None:
        net = awake(name, 0)
        with torch.no_grad():
            together, alone = net.candidates(images(), 20), net.candidates(images()[1:2], 20)
        torch.testing.assert_close(together.scores[1:2], alone.scores, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(together.boxes[1:2], alone.boxes, rtol=1e-4, atol=1e-4)

    def test_same_seed_same_weights_another_seed_others(self, name: str) -> None:
        one, same, other = (seeded(name, seed).state_dict() for seed in (5, 5, 6))
        assert all(torch.equal(one[key], same[key]) for key in one)
        assert not all(torch.equal(one[key], other[key]) for key in one)

    def test_grey_images_of_another_size(self, name: str) -> None:
        shape = NetShape(outputs=3, channels=1, height=80, width=48)
        net = seeded(name, 0, shape)
        targets = {"boxes": TARGETS["boxes"][:2], "labels": TARGETS["labels"][:2]}
        assert net.losses(images(shape, batch=2), targets, SETTINGS)["total"].isfinite()
        with torch.no_grad():
            assert net.eval().candidates(images(shape, batch=2), 5).boxes.isfinite().all()

    def test_what_is_borrowed_belongs_to_it(self, name: str) -> None:
        net = seeded(name, 0)
        own = {value.data_ptr() for value in net.state_dict().values()}
        assert all(value.data_ptr() in own for value in net.borrowed().values())

    def test_it_can_be_exported_for_any_batch(self, name: str) -> None:
        net = awake(name, 0)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on PyTorch's own internals
            program = torch.export.export(net, (images(),), dynamic_shapes=({0: Dim("batch", min=1)},))
            for batch in (1, 2):
                expected, found = net(images(batch=batch)), program.module()(images(batch=batch))
                torch.testing.assert_close(found[1], expected[1], rtol=1e-4, atol=1e-5)


def learns_one_image(name: str, steps: int, lr: float) -> Detector:
    """A detector that has seen one image with two bright boxes on grey for so many steps."""
    torch.manual_seed(0)
    net = NETWORKS.build(name, NetShape(2, 3, 64, 64)).train()
    seen, targets = two_boxes()
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        net.losses(seen, targets, SETTINGS)["total"].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return net.eval()


def two_boxes() -> tuple[Tensor, dict[str, Tensor]]:
    """An image of 64 px, twice, with a red box on the left and a blue one on the right, and where they are."""
    seen = torch.zeros(2, 3, 64, 64)
    seen[:, 0, 8:32, 4:28] = 2
    seen[:, 2, 24:60, 36:60] = 2
    boxes = torch.tensor([[4.0, 8, 28, 32], [36, 24, 60, 60]]) / 64
    return seen, {"boxes": boxes.repeat(2, 1, 1), "labels": torch.tensor([[0, 1]] * 2)}
