"""The networks of this task by name: `panoptic-unet`, and `panoptic-unet+resnet18` after the catalogue's resnet18."""

from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.tasks.panoptic.panoptic_net import PanopticNet, build_panoptic

_SIDE, _CLASSES = 256, 133  # px, and COCO's panoptic classes, for which lists count

NETWORKS = TaskNets[PanopticNet](
    {
        "panoptic-unet": TaskNet(
            build_panoptic,
            "U-Net with a head of classes and one of centres and offsets",
            "Cheng et al., Panoptic-DeepLab, 2020; Ronneberger et al., U-Net, 2015",
            "Apache-2.0",
            side=_SIDE,
            outputs=_CLASSES,
        )
    }
)
