"""A model folder of transformers with random weights: `transformers_make.py NET PHOTOS FOLDER`.

torchvision's ResNet-50 is transformers' own; its MobileNetV3-L is timm's, which transformers wraps.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from random_networks import enliven, planes

from convsight.inputs import ImageInput


def main(name: str, photos: str, folder: str) -> None:
    """Save the network and how its images are prepared."""
    torch.manual_seed(0)
    model = _resnet(folder) if name == "resnet50" else _wrapped("mobilenetv3_large_100")
    spec = ImageInput(height=224, width=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    enliven(model, planes(sorted(Path(photos).iterdir()), spec), 1000)
    model.save_pretrained(folder)


def _resnet(folder: str) -> Any:
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetForImageClassification

    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    processor = ConvNextImageProcessor(size={"shortest_edge": 224}, crop_pct=0.875, image_mean=mean, image_std=std)
    processor.save_pretrained(folder)
    return ResNetForImageClassification(ResNetConfig(num_labels=1000))


def _wrapped(name: str) -> Any:
    from timm.models import get_pretrained_cfg
    from transformers import TimmWrapperConfig, TimmWrapperForImageClassification

    facts: Any = get_pretrained_cfg(name)
    return TimmWrapperForImageClassification(
        TimmWrapperConfig(architecture=name, num_labels=1000, pretrained_cfg=facts.to_dict())
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
