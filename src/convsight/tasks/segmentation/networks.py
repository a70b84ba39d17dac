"""The networks of this task by name: `unet-s`, and `unet+resnet18` after the catalogue's resnet18."""

from functools import partial

import torch

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.dry_run.run import SHAPE_ERRORS
from convsight.nets.entry import NetShape
from convsight.nets.image_sizes import check_kind
from convsight.nets.segmenter import Segmenter
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.nets.unet import plain_unet, unet_after
from convsight.tasks.segmentation import smp_segmenters as smp
from convsight.tasks.segmentation.fcn import Fcn
from convsight.tasks.segmentation.segnet import ENCODERS, SegNet
from convsight.tasks.segmentation.unet_3d import UNet3d

_SIDE, _CLASSES = 256, 21  # px, and Pascal VOC's classes with the background, for which lists count

_UNET = "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015"
_FCN = "Long et al., Fully Convolutional Networks for Semantic Segmentation, 2015"

_net = partial(TaskNet[Segmenter], licence="Apache-2.0", side=_SIDE, outputs=_CLASSES)
_volume_net = partial(
    TaskNet[Segmenter],
    licence="Apache-2.0",
    source="Cicek et al., 3D U-Net: Learning Dense Volumetric Segmentation from Sparse Annotation, 2016",
    side=64,
    outputs=3,
    others=(),
    volumes=True,
)


def _unet(width: int, encoder: str, shape: NetShape) -> Segmenter:
    return unet_after(encoder, shape) if encoder else plain_unet(shape, width)


def _unet_3d(width: int, encoder: str, shape: NetShape) -> Segmenter:
    return UNet3d(shape.channels, shape.outputs, width)


# torchvision is imported when one of its networks is asked for: it takes about a second.
def _deeplabv3(encoder: str, shape: NetShape) -> Segmenter:
    from convsight.tasks.segmentation.torchvision_segmenters import deeplabv3  # noqa: PLC0415

    return deeplabv3(encoder, shape)


def _lraspp(encoder: str, shape: NetShape) -> Segmenter:
    from convsight.tasks.segmentation.torchvision_segmenters import lraspp  # noqa: PLC0415

    return lraspp(encoder, shape)


NETWORKS = TaskNets[Segmenter](
    {
        "unet": _net(partial(_unet, 64), "an encoder, and its maps enlarged step by step", source=_UNET),
        "unet-s": _net(partial(_unet, 16), "U-Net of a quarter of the channels", source=_UNET, others=()),
        **{
            f"fcn-{stride}s": _net(
                partial(Fcn, stride),
                f"a classifier as convolutions, scored at a stride of {stride}",
                source=_FCN,
                encoder="vgg16",
            )
            for stride in (32, 16, 8)
        },
        "segnet": _net(
            SegNet,
            "VGG and its mirror image, which enlarges by the places of pooling",
            source="Badrinarayanan et al., SegNet: A Deep Convolutional Encoder-Decoder Architecture, 2017",
            encoder="vgg16_bn",
            others=ENCODERS,
        ),
        "deeplabv3": _net(
            _deeplabv3,
            "dilated convolutions of several rates side by side",
            source="Chen et al., Rethinking Atrous Convolution for Semantic Image Segmentation, 2017",
            licence="BSD-3-Clause",
            encoder="resnet50",
            others=("resnet50", "resnet101", "mobilenet_v3_large"),
        ),
        "lraspp": _net(
            _lraspp,
            "a small head for phones, after MobileNetV3",
            source="Howard et al., Searching for MobileNetV3, 2019",
            licence="BSD-3-Clause",
            encoder="mobilenet_v3_large",
            others=("mobilenet_v3_large",),
        ),
        **{
            f"{smp.PREFIX}{name}": _net(
                partial(smp.smp_segmenter, name),
                f"{about}, by segmentation_models_pytorch",
                source=source,
                licence="MIT",
                encoder=smp.ENCODER,
                check=smp.check_encoder,
            )
            for name, (about, source) in smp.ARCHITECTURES.items()
        },
        "unet-3d": _volume_net(partial(_unet_3d, 32), "U-Net of volumes"),
        "unet-3d-s": _volume_net(partial(_unet_3d, 8), "U-Net of volumes of a quarter of the channels"),
    }
)


def check_segmenter(name: str, shape: NetShape) -> None:
    """Raise `UserError` where the network called `name` cannot work on such images; computes shapes alone."""
    entry = NETWORKS.entry(name)
    check_kind(name, entry, shape)
    model = build_without_memory(entry, shape).eval()
    try:
        with torch.no_grad():
            model(torch.empty(1, *shape.planes, device="meta"))
    except SHAPE_ERRORS as error:
        raise UserError(
            f"{name} cannot work on images of {shape.width} x {shape.height} px: {error}; try a larger --size"
        ) from error


def encoder_of(name: str) -> str:
    """What the catalogue calls the encoder of the network called `name`; empty for one of its own.

    >>> encoder_of("smp/fpn+tu-resnet10t"), encoder_of("unet+resnet18"), encoder_of("unet")
    ('timm/resnet10t', 'resnet18', '')
    """
    own, encoder = NETWORKS.parts(name)
    return smp.catalogue_name(encoder) if own.startswith(smp.PREFIX) else encoder
