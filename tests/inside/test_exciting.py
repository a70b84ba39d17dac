"""What excites a channel most, in real pictures and by ascent, on networks of which it is known."""

import numpy as np
import pytest
import torch
from tests.inside.networks import layers_of, opened, zeroed
from torch import Tensor, nn

from convsight.datasets.dataset import Split
from convsight.datasets.examples import Examples
from convsight.datasets.image_store import ImageStore
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.inside.ascent import AscentOptions, ascend
from convsight.inside.exciting import sought
from convsight.inside.exciting_sheet import whole_box
from convsight.inside.open_network import OpenNetwork
from convsight.progress import Silent
from convsight.results import Labels

NET = "conv 4 3x3 same stride 2 relu | maxpool 2 | conv 3 3x3 same relu | globalavg | dense classes"


@pytest.fixture
def network() -> OpenNetwork:
    """Channel 2 of the second convolution adds up red over all that it sees."""
    found = opened(NET, 48)
    [(_, first), (_, second)] = layers_of(found, nn.Conv2d)
    (ones, _), (twos, _) = zeroed(first), zeroed(second)
    ones[1, 0] = 1.0
    twos[2, 1] = 1.0
    return found


def test_the_cut_out_holds_the_pattern_at_the_right_pixel(network: OpenNetwork) -> None:
    """Wide pictures of another size than the network's: what is cut out is in the original's own pixels."""
    places = {0: (16, 144), 1: (72, 32), 2: (56, 96)}  # (row, column) of a red pixel-block in pictures 96 x 192
    images = np.zeros((6, 96, 192, 3), np.uint8)
    for number, (row, column) in places.items():
        images[number, row : row + 2, column : column + 4, 0] = 255 - 20 * number
    split = Split("test", images, Labels(np.zeros(6, int), ("red", "blue")), [str(number) for number in range(6)])
    examples = Examples(ImageStore.read(split, network.card.input)[0], split.targets)
    name, _ = layers_of(network, nn.Conv2d)[1]
    wanted = sought(network, f"{name}:2")
    found = wanted.most(examples, 3, Silent())
    assert [each.index for each in found] == [0, 1, 2]  # the brightest first
    for each in found:
        assert each.box is not None
        left, top, right, bottom = whole_box(each.box, (192, 96))
        row, column = places[each.index]
        assert left <= column
        assert column + 4 <= right
        assert top <= row
        assert row + 2 <= bottom
        # A cell sees 3 + 2 + 2 * 4 * 2 rows of 48: wide pictures are squashed by 4 across and 2 down.
        size = wanted.stop.field.axes[0].size if wanted.stop else 0
        assert right - left <= 4 * size + 2
        assert bottom - top <= 2 * size + 2


def test_outside_of_the_cut_out_nothing_changes_the_cell(network: OpenNetwork) -> None:
    images = np.random.default_rng(0).integers(0, 255, (2, 48, 48, 3)).astype(np.uint8)
    split = Split("test", images, Labels(np.zeros(2, int), ("red", "blue")), ["a", "b"])
    examples = Examples(ImageStore.read(split, network.card.input)[0], split.targets)
    name, _ = layers_of(network, nn.Conv2d)[1]
    wanted = sought(network, f"{name}:2")
    [found, _] = wanted.most(examples, 2, Silent())
    assert found.box is not None
    assert found.cell is not None
    left, top, right, bottom = whole_box(found.box, (48, 48))
    changed = np.zeros_like(images[found.index])
    changed[top:bottom, left:right] = images[found.index][top:bottom, left:right]
    maps = wanted._maps(network.planes(changed[None])).detach()
    assert float(maps[0][found.cell]) == pytest.approx(found.value, rel=1e-6)
    changed[top, left:right] = 0  # one row less, and the cell is another
    maps = wanted._maps(network.planes(changed[None])).detach()
    assert float(maps[0][found.cell]) != pytest.approx(found.value, rel=1e-6)


def test_a_class_is_asked_by_its_logit(network: OpenNetwork) -> None:
    images = np.random.default_rng(0).integers(0, 255, (5, 48, 48, 3)).astype(np.uint8)
    split = Split("test", images, Labels(np.zeros(5, int), ("red", "blue")), list("abcde"))
    examples = Examples(ImageStore.read(split, network.card.input)[0], split.targets)
    found = sought(network, "blue").most(examples, 5, Silent())
    logits = network.model(network.planes(images))[:, 1]
    assert [each.index for each in found] == torch.argsort(-logits, stable=True).tolist()
    assert found[0].box is None


@pytest.mark.parametrize(
    ("name", "message"),
    [("green", "green"), ("nowhere:1", "nowhere"), ("CONV:9", "has the channels 0 to 2"), ("CONV:x", "not 'x'")],
)
def test_what_does_not_exist_is_said(network: OpenNetwork, name: str, message: str) -> None:
    conv, _ = layers_of(network, nn.Conv2d)[1]
    with pytest.raises(UserError, match=message):
        sought(network, name.replace("CONV", conv))


SPEC = ImageInput(height=24, width=24, mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.2))


def red(planes: Tensor) -> Tensor:
    return (planes[:, 0] - planes[:, 2]).mean(dim=(1, 2))


def test_ascent_finds_what_excites() -> None:
    found = ascend(red, SPEC, 0, AscentOptions(steps=60))
    assert found.picture.shape == (24, 24, 3)
    assert found.picture[..., 0].mean() > 0.95
    assert found.picture[..., 2].mean() < 0.05
    assert abs(found.picture[..., 1].mean() - 0.5) < 0.1  # nothing asks for it
    assert found.value > found.start
    assert found.picture.min() >= 0
    assert found.picture.max() <= 1


def test_the_same_seed_gives_the_same_picture() -> None:
    options = AscentOptions(steps=8)
    assert np.array_equal(ascend(red, SPEC, 3, options).picture, ascend(red, SPEC, 3, options).picture)
    assert not np.array_equal(ascend(red, SPEC, 3, options).picture, ascend(red, SPEC, 4, options).picture)


def test_variation_keeps_pictures_plain() -> None:
    checks = (torch.arange(24)[:, None] + torch.arange(24)[None]) % 2 * 2.0 - 1

    def rough(planes: Tensor) -> Tensor:
        return (planes * checks).mean(dim=(1, 2, 3))

    still = {"jitter": 0, "blur": 0.0, "steps": 20}
    free = ascend(rough, SPEC, 0, AscentOptions(variation=0.0, **still))  # type: ignore[arg-type]
    kept = ascend(rough, SPEC, 0, AscentOptions(variation=30.0, **still))  # type: ignore[arg-type]
    assert np.abs(np.diff(free.picture, axis=0)).mean() > 5 * np.abs(np.diff(kept.picture, axis=0)).mean()
