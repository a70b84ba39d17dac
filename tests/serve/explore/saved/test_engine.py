"""What the script of a saved page computes, against PyTorch; what it writes of a cell, against what Python writes."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from tests.browser import Browser, browser
from tests.serve.explore.saved.engine import cell, load, made, put, seen
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.inside.written.cell import WAYS, written_cell
from convsight.inside.written.shown_layers import layers_of_steps
from convsight.serve.explore.saved.save import OPERATIONS


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        load(running, "tensors.js", "program.js", "layers.js")
        yield running


class Done(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, given: Tensor) -> Tensor:
        found: Tensor = self.function(given)
        return found


def settled(module: nn.Module) -> nn.Module:
    """A normalisation with statistics that do something."""
    for name, values in [*module.named_parameters(), *module.named_buffers()]:
        if values.is_floating_point() and isinstance(module, nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
            values.data.uniform_(0.5 if "var" in name else -1, 2)
    return module


MODULES = [
    nn.Conv2d(2, 4, 3, stride=(2, 1), padding=(1, 2), dilation=2, groups=2, bias=False),
    nn.Conv2d(2, 40, 3),
    nn.Conv2d(2, 3, (1, 4), padding=(0, 3)),
    nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2),
    nn.ConvTranspose2d(2, 6, (2, 3), stride=(1, 2), dilation=(2, 1)),
    nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
    nn.MaxPool2d(2, 1, dilation=2),
    nn.AvgPool2d(3, 2, padding=1),
    nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
    nn.AvgPool2d(3, 2, padding=1, ceil_mode=True),
    nn.AvgPool2d(2, divisor_override=3),
    nn.AdaptiveAvgPool2d((3, 4)),
    settled(nn.BatchNorm2d(2)),
    settled(nn.GroupNorm(2, 2)),
    settled(nn.LayerNorm(8)),
    nn.ReLU(),
    nn.ReLU6(),
    nn.LeakyReLU(0.2),
    nn.Hardswish(),
    nn.Hardsigmoid(),
    nn.SiLU(),
    nn.GELU(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softmax(dim=1),
    Done(lambda x: x.mean(dim=(2, 3))),
    Done(lambda x: x.mean(dim=(1, 2), keepdim=True)),
    Done(lambda x: x + x.relu().mean(dim=(2, 3), keepdim=True)),
    Done(lambda x: x * 2.5),
    Done(lambda x: torch.cat([x, x * x, x], dim=1)),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda each: re.sub(r" at 0x\w+", "", str(each))[:60])
def test_an_operation_gives_what_pytorch_gives_and_cells_are_written_as_in_python(
    page: Browser, module: nn.Module
) -> None:
    torch.manual_seed(1)
    given = 2 * torch.randn(1, 2, 7, 8)
    program = seen(module, given)
    put(page, program, given)
    for call in program.calls:
        found = made(page, call.step.index)
        assert found.shape == call.result.shape
        assert float((found - call.result).abs().max()) < 1e-5
    [layer, *_] = layers_of_steps([call.step for call in program.calls])
    volume = layer.volume if len(layer.volume) == 3 else (1, 1, *layer.volume)
    calls = [program.calls[n] for n in sorted(layer.wanted)]
    for place in [
        (0, 0, 0),
        (volume[2] - 1, volume[0] - 1, volume[1] - 1),
        (volume[2] // 2, volume[0] // 2, volume[1] // 2),
    ]:
        told = cell(page, program, dict(zip(("channel", "row", "column"), place, strict=True)))
        right = [step.to_json() for step in written_cell(layer, calls, *place)]
        assert told["value"] == pytest.approx(right[-1]["value"], abs=1e-5)
        same(told["steps"], right)


def same(found: Any, right: Any, at: str = "") -> None:
    """The same keys and texts, and numbers to 1e-5, also within texts."""
    if isinstance(right, dict):
        assert set(found) == set(right), at
        for name, each in right.items():
            same(found[name], each, f"{at}.{name}")
    elif isinstance(right, list | tuple):
        assert len(found) == len(right), at
        for n, each in enumerate(right):
            same(found[n], each, f"{at}[{n}]")
    elif isinstance(right, str):
        number = r"-?\d+(?:\.\d+)?(?:e[+-]\d\d)?"
        assert re.sub(number, "#", found) == re.sub(number, "#", right), at
        same(
            [float(each) for each in re.findall(number, found)], [float(each) for each in re.findall(number, right)], at
        )
    elif right is None or isinstance(right, bool):
        assert found is right, at
    else:
        assert found == pytest.approx(right, abs=1e-5, rel=1e-5), at


def test_what_moves_numbers_moves_the_same(page: Browser) -> None:
    def moved(given: Tensor) -> Tensor:
        first, second = torch.split(given.permute(0, 2, 3, 1), 5, dim=1)
        both = torch.cat([first.transpose(1, 2).flip(1)[:, 1::3, -2:], second[:, :1, :2].expand(1, 2, 2, 3)], dim=1)
        padded = F.pad(both.unsqueeze(1).squeeze(0)[0, :, :, 1], (1, -1, 2, 0), value=0.5)
        return (padded.reshape(-1, 3).t() / 0.3).floor() - padded.reshape(3, -1)

    torch.manual_seed(2)
    given = torch.randn(1, 3, 7, 6)
    program = seen(Done(moved), given)
    put(page, program, given)
    assert {call.step.operation for call in program.calls} >= {
        "split",
        "flip",
        "expand",
        "constant_pad_nd",
        "select",
        "t",
    }
    assert torch.allclose(made(page, program.calls[-1].step.index), program.calls[-1].result, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_a_dense_layer(page: Browser, bias: bool) -> None:
    torch.manual_seed(3)
    given = torch.randn(1, 30)
    program = seen(nn.Linear(30, 4, bias=bias), given)
    put(page, program, given)
    assert torch.allclose(made(page, program.calls[-1].step.index), program.calls[-1].result, atol=1e-6)
    [layer] = layers_of_steps([call.step for call in program.calls])
    told = cell(page, program, {"channel": 2, "row": 0, "column": 0})
    same(told["steps"], [step.to_json() for step in written_cell(layer, program.calls[-1:], 2, 0, 0)])


def test_what_python_allows_is_what_the_page_knows(page: Browser) -> None:
    assert set(page.run("Object.keys(module_program.OPERATIONS)")) == OPERATIONS
    assert set(WAYS) <= OPERATIONS


def test_no_channel_beyond_the_last_is_written(page: Browser) -> None:
    given = torch.randn(1, 2, 4, 4)
    program = seen(nn.ReLU(), given)
    put(page, program, given)
    with pytest.raises(AssertionError, match="no column 4: counted from 0 there are 4"):
        cell(page, program, {"channel": 0, "row": 0, "column": 4})


def test_maps_are_the_strongest_each_on_its_own_scale(page: Browser) -> None:
    torch.manual_seed(4)
    given = torch.randn(1, 20, 3, 5) * torch.arange(20)[None, :, None, None]
    program = seen(Done(lambda x: x * 1.0), given)
    put(page, program, given)
    layer = '{ name: "a", kinds: ["product"], volume: [3, 5, 20] }'
    found = page.run(f"module_layers.mapsOf({layer}, program.steps[0], made[0], 0)")
    order = given.abs().mean(dim=(0, 2, 3)).sort(descending=True).indices.tolist()
    assert [each["channel"] for each in found["shown"]] == [*order[:11], 0]
    assert found["shown"][0]["low"] == pytest.approx(float(given[0, order[0]].min()))
    pixels = page.run(
        "(async () => { const image = new Image(); image.src = 'data:image/png;base64,' + "
        f"module_layers.mapsOf({layer}, program.steps[0], made[0]).sprite; await image.decode(); "
        "const canvas = new OffscreenCanvas(5, 36), pen = canvas.getContext('2d'); pen.drawImage(image, 0, 0); "
        "return Array.from(pen.getImageData(0, 0, 5, 3).data); })()"
    )
    values = given[0, order[0]].double().numpy()
    grey = np.rint(255 * (values - values.min()) / (values.max() - values.min()))
    assert np.abs(np.array(pixels).reshape(3, 5, 4)[:, :, 0] - grey).max() <= 1
