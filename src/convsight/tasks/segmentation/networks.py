"""The networks of this task by name: `unet-s`, and `unet+resnet18` after the catalogue's resnet18."""

from functools import partial

from torch import nn

from convsight.nets.entry import NetShape
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.nets.unet import plain_unet, unet_after

_SIDE, _CLASSES = 256, 21  # px, and Pascal VOC's classes with the background, for which lists count

_UNET = "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015"

_net = partial(TaskNet[nn.Module], licence="Apache-2.0", side=_SIDE, outputs=_CLASSES)


def _unet(width: int, encoder: str, shape: NetShape) -> nn.Module:
    return unet_after(encoder, shape) if encoder else plain_unet(shape, width)


NETWORKS = TaskNets[nn.Module](
    {
        "unet": _net(partial(_unet, 64), "an encoder, and its maps enlarged step by step", source=_UNET),
        "unet-s": _net(partial(_unet, 16), "U-Net of a quarter of the channels", source=_UNET, others=()),
    }
)
