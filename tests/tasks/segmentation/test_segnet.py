"""SegNet: places of pooling, and files for other engines that know them."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tests.contracts.segmenters import awake, images, parameters
from torch import nn
from torch.nn import functional as F

from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.runtime.openvino_import import ov
from convsight.tasks.segmentation.networks import NETWORKS
from convsight.tasks.segmentation.segnet import Places, SegNet, placed


@pytest.mark.parametrize("sides", [(8, 6), (7, 9)])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_values_are_put_where_pytorch_unpools_them(sides: tuple[int, int], kind: torch.dtype) -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 3, *sides).relu().to(kind)  # with whole windows of zeros, whose places are the first
    maps[:, :, :2] = 1.0
    largest, indices = F.max_pool2d(maps, 2, return_indices=True)
    values = torch.randn_like(largest)
    expected = F.max_unpool2d(values, indices, [2, 2], output_size=sides)
    assert torch.equal(placed(values, maps, largest), expected)


def test_layers_are_those_of_the_paper() -> None:
    """Table of its appendix: 13 convolutions each way, their channels mirrored, 29.5 million numbers."""
    net = build_without_memory(NETWORKS.entry("segnet"), NetShape(12, 3, 64, 64))
    assert isinstance(net, SegNet)
    widths = [
        [layer.out_channels for layer in stage.modules() if isinstance(layer, nn.Conv2d)] for stage in net.decoder
    ]
    assert widths == [[512, 512, 512], [512, 512, 256], [256, 256, 128], [128, 64], [64]]
    assert parameters(net) == pytest.approx(29.45e6, rel=1e-3)


class _PooledAndBack(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        places = Places(maps)
        return places.put(3 * places.largest + 1)


@pytest.mark.slow
@pytest.mark.parametrize("sides", [(8, 6), (7, 9)])
def test_other_engines_put_values_at_the_same_places(tmp_path: Path, sides: tuple[int, int]) -> None:
    torch.manual_seed(0)
    maps = torch.randn(3, 4, *sides).relu()
    _check_engines(_PooledAndBack().eval(), maps, tmp_path, tolerance=0.0)


@pytest.mark.slow
def test_other_engines_answer_alike(tmp_path: Path) -> None:
    # Sums in another order turn a few nearly equal places: a few pixels differ, and few of them by much.
    _check_engines(awake("segnet+vgg11_bn").eval(), images(batch=3), tmp_path, tolerance=0.02)


def _check_engines(net: nn.Module, given: torch.Tensor, folder: Path, tolerance: float) -> None:
    """Fail unless ONNX Runtime and OpenVINO give what PyTorch does, for another batch than that of the export."""
    with torch.no_grad():
        expected = net(given).numpy()
        program = torch.onnx.export(
            net, (given[:2],), dynamo=True, dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False
        )
    assert program is not None
    program.save(folder / "net.onnx")
    session = onnxruntime.InferenceSession(folder / "net.onnx")
    found = session.run(None, {session.get_inputs()[0].name: given.numpy()})[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    compiled = ov.Core().compile_model(folder / "net.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_allclose(compiled(given.numpy())[0], expected, rtol=0, atol=tolerance)
