"""The networks of this task by name: `cells`, and `cells+resnet18` after the catalogue's resnet18."""

from functools import partial

from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.task_nets import TaskNet, TaskNets
from convsight.tasks.instances.cells import build_cells
from convsight.tasks.instances.instance_net import InstanceNet

_SIDE, _CLASSES = 256, 1  # px, and classes, for which lists count
_net = partial(TaskNet[InstanceNet], side=_SIDE, outputs=_CLASSES)


# torchvision's detectors are imported when one is asked for: that takes about a second.
def _mask_rcnn(backbone: str, shape: NetShape) -> InstanceNet:
    from convsight.tasks.instances.mask_rcnn import MaskRcnn  # noqa: PLC0415

    return MaskRcnn(backbone, shape)


NETWORKS = TaskNets[InstanceNet](
    {
        "cells": _net(
            build_cells,
            "U-Net for crowded things: classes of pixels and depths, which are flooded",
            "Ronneberger et al., U-Net, 2015; Naylor et al., Deep Regression of the Distance Map, 2019",
            "Apache-2.0",
        ),
        "mask-rcnn": _net(
            _mask_rcnn,
            "detector in two passes, with the pixels of each box",
            "He et al., Mask R-CNN, 2017",
            "BSD-3-Clause",
            encoder="resnet50",
            others=("resnet50", "mobilenet_v3_large"),
        ),
    }
)


def check_network(name: str, shape: NetShape) -> None:
    """Raise `UserError` where the network called `name` cannot work on such images; computes shapes alone."""
    build_without_memory(NETWORKS.entry(name), shape)
