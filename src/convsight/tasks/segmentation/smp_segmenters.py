"""Networks of segmentation_models_pytorch, as `smp/<name>`, after its own encoders: `smp/fpn+resnet18`.

They are imported when one is asked for: it takes seconds.
"""

from collections.abc import Mapping
from typing import Any, final

from torch import Tensor
from torch.nn import functional as F

from convsight.errors import UserError, unknown_name
from convsight.extras import extra
from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter, enlarged

PREFIX = "smp/"
ENCODER = "resnet18"  # where the user names none
# Their names there, and what they are. Its DPT is left out: it takes images of one size alone.
ARCHITECTURES = {
    "unet": ("U-Net", "Ronneberger et al., U-Net, 2015"),
    "unetplusplus": ("U-Net with dense steps between its halves", "Zhou et al., UNet++, 2018"),
    "manet": ("U-Net with attention to places and channels", "Fan et al., MA-Net, 2020"),
    "linknet": ("U-Net that adds maps instead of joining them", "Chaurasia and Culurciello, LinkNet, 2017"),
    "fpn": ("a pyramid of features, all scales scored", "Lin et al., Feature Pyramid Networks, 2017; Kirillov, 2019"),
    "pspnet": ("means over regions of four sizes", "Zhao et al., Pyramid Scene Parsing Network, 2017"),
    "deeplabv3": ("dilated convolutions side by side", "Chen et al., Rethinking Atrous Convolution, 2017"),
    "deeplabv3plus": (
        "DeepLabV3 with a decoder",
        "Chen et al., Atrous Separable Convolution for Segmentation, 2018",
    ),
    "pan": ("attention over a pyramid", "Li et al., Pyramid Attention Network for Semantic Segmentation, 2018"),
    "upernet": ("a pyramid with means over regions", "Xiao et al., Unified Perceptual Parsing, 2018"),
    "segformer": ("the decoder of SegFormer: all scales mixed by 1x1", "Xie et al., SegFormer, 2021"),
}
_TIMMS = ("tu-", "timm-")  # before the names of encoders that are timm's
_WITHIN = "model."  # before the names of tensors in most of these


@final
class SmpSegmenter(Segmenter):
    """A network of segmentation_models_pytorch, whose tensors are called as there, after `net.`.

    Images whose sides are no multiple of the encoder's stride are continued to one, and what is added is cut off.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        stride = self.net.encoder.output_stride
        below, right = -height % stride, -width % stride
        whole = F.pad(images, [0, right, 0, below], mode="replicate") if below or right else images
        return enlarged(self.net(whole), whole.shape[2:])[:, :, :height, :width]

    def borrowed(self) -> Mapping[str, Tensor]:
        tensors: dict[str, Tensor] = self.net.encoder.state_dict()
        return {name.removeprefix(_WITHIN): value for name, value in tensors.items()}

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("net.encoder",)


def smp_segmenter(architecture: str, encoder: str, shape: NetShape) -> SmpSegmenter:
    """The network of segmentation_models_pytorch called `architecture`, after its `encoder`, with fresh weights.

    Raises `UserError` where the package is not installed, for an unknown encoder, and one that does not go with it.
    """
    smp = extra("segmentation_models_pytorch", "smp")
    check_encoder(encoder)
    try:
        net = smp.create_model(
            architecture, encoder, encoder_weights=None, in_channels=shape.channels, classes=shape.outputs
        )
    except (KeyError, ValueError, NotImplementedError, RuntimeError, AttributeError, TypeError) as error:
        raise UserError(f"{PREFIX}{architecture} cannot come after {encoder}: {error}") from error
    return SmpSegmenter(net)


def check_encoder(encoder: str) -> None:
    """Raise `UserError` where segmentation_models_pytorch has no encoder of that name, with the nearest ones."""
    known = extra("segmentation_models_pytorch", "smp").encoders.get_encoder_names()
    if encoder not in known and not encoder.startswith("tu-"):
        raise unknown_name("encoder of segmentation_models_pytorch", encoder, known)


def catalogue_name(encoder: str) -> str:
    """What the catalogue calls an encoder of segmentation_models_pytorch.

    >>> catalogue_name("tu-tf_efficientnet_lite0"), catalogue_name("resnet18")
    ('timm/tf_efficientnet_lite0', 'resnet18')
    """
    for prefix in _TIMMS:
        if encoder.startswith(prefix):
            return "timm/" + encoder.removeprefix(prefix)
    return encoder
