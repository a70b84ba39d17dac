"""The networks of this task by name: `unet-s`, and `unet+resnet18` after the catalogue's resnet18."""

from functools import partial

from torch import nn

from convsight.nets.entry import NetShape
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.tasks.segmentation.unet import plain_unet, unet_after
from convsight.tasks.segmentation.unet_3d import UNet3d

_SIDE, _CLASSES = 256, 21  # px, and Pascal VOC's classes with the background, for which lists count

_UNET = "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015"

_net = partial(TaskNet[nn.Module], licence="Apache-2.0", side=_SIDE, outputs=_CLASSES)
_volume_net = partial(
    TaskNet[nn.Module],
    licence="Apache-2.0",
    source="Cicek et al., 3D U-Net: Learning Dense Volumetric Segmentation from Sparse Annotation, 2016",
    side=64,
    outputs=3,
    others=(),
    volumes=True,
)


def _unet(width: int, encoder: str, shape: NetShape) -> nn.Module:
    return unet_after(encoder, shape) if encoder else plain_unet(shape, width)


def _unet_3d(width: int, encoder: str, shape: NetShape) -> nn.Module:
    return UNet3d(shape.channels, shape.outputs, width)


NETWORKS = TaskNets[nn.Module](
    {
        "unet": _net(partial(_unet, 64), "an encoder, and its maps enlarged step by step", source=_UNET),
        "unet-s": _net(partial(_unet, 16), "U-Net of a quarter of the channels", source=_UNET, others=()),
        "unet-3d": _volume_net(partial(_unet_3d, 32), "U-Net of volumes"),
        "unet-3d-s": _volume_net(partial(_unet_3d, 8), "U-Net of volumes of a quarter of the channels"),
    }
)
