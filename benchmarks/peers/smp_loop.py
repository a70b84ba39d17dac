"""A U-Net of segmentation_models_pytorch in a plain loop, for so many seconds: `smp_loop.py ARCHIVE SECONDS OUT`.

    python smp_loop.py ARCHIVE SECONDS OUT [--encoder resnet18] [--weights FILE] [--batch 8] [--rate 1e-3]

ARCHIVE holds `train_images` and `test_images` (count, height, width, 3) and `train_masks` in bytes, 255 where no class
is told, and `classes`. All images are padded to whole strides of 32 px. What people write: AdamW, one cycle over the
time, cross-entropy and Dice loss, pictures mirrored, cut to crops, lit otherwise; float32, one step after the other.
The seconds are those of the steps alone; the peak of memory is of the whole process. OUT becomes the predicted masks of
the test images. FILE are weights of timm's network in its order, as the package of EfficientNet-Lite0 has them.
"""

import argparse
import json
import math
import resource
import time
import warnings
from typing import Any

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch import Tensor
from torch.nn import functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IGNORED = 255


def main() -> None:
    """Train, answer and print what it took as JSON."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive")
    parser.add_argument("seconds", type=float)
    parser.add_argument("out")
    parser.add_argument("--processor", action="store_true", help="the seconds are the processor's")
    parser.add_argument("--encoder", default="resnet18")
    parser.add_argument("--weights")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--bfloat16", action="store_true", help="autocast, and channels last")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    data = np.load(arguments.archive)
    classes, sides = int(data["classes"]), data["train_images"].shape[1:3]
    model: Any = smp.Unet(arguments.encoder, encoder_weights=None, classes=classes)
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (MEAN, STD))
    if arguments.weights:
        fill(model, arguments.weights)
        mean = std = torch.full((1, 3, 1, 1), 0.5)
    images = (planes(data["train_images"]) - mean) / std
    masks = padded(torch.from_numpy(data["train_masks"]).long(), IGNORED)
    steps = train(model, images, masks, arguments)
    model.eval()
    height, width = sides
    with torch.inference_mode():
        tests = (planes(data["test_images"]) - mean) / std
        found = torch.cat(
            [model(part).argmax(1)[:, :height, :width] for part in torch.tensor_split(tests, math.ceil(len(tests) / 4))]
        )
    np.save(arguments.out, found.numpy().astype(np.uint8))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": steps, "images": steps * arguments.batch, "peak_mib": peak}))


def train(model: Any, images: Tensor, masks: Tensor, arguments: argparse.Namespace) -> int:
    """Steps until the time is over, the rate by one cycle over it; how many there were."""
    optimizer = torch.optim.AdamW(model.parameters(), arguments.rate)
    dice = smp.losses.DiceLoss("multiclass", ignore_index=IGNORED)
    clock = time.process_time if arguments.processor else time.perf_counter
    began, steps = clock(), 0
    model.train()
    if arguments.bfloat16:
        model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    while (share := (clock() - began) / arguments.seconds) < 1:
        whole = len(images) // arguments.batch * arguments.batch
        for chosen in torch.randperm(len(images))[:whole].view(-1, arguments.batch):
            if (share := (clock() - began) / arguments.seconds) >= 1:
                break
            warm = min(1.0, share / 0.25)
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * warm * (1 + math.cos(math.pi * max(0.0, (share - 0.25) / 0.75))) / 2
            seen, wanted = varied(images[chosen], masks[chosen])
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bfloat16):
                logits = model(seen)
            logits = logits.float()
            loss = F.cross_entropy(logits, wanted, ignore_index=IGNORED) + dice(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
    return steps


def varied(images: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """A batch mirrored or not, zoomed to a random part of 60 to 100 % of each side, and lit otherwise."""
    if torch.rand(()) < 0.5:
        images, masks = images.flip(-1), masks.flip(-1)
    height, width = images.shape[2:]
    scale = 0.6 + 0.4 * float(torch.rand(()))
    tall, wide = int(height * scale), int(width * scale)
    top, left = (int(torch.randint(0, most + 1, ())) for most in (height - tall, width - wide))
    part = images[:, :, top : top + tall, left : left + wide]
    images = F.interpolate(part, size=(height, width), mode="bilinear", align_corners=False)
    cut = masks[:, None, top : top + tall, left : left + wide].float()
    masks = F.interpolate(cut, size=(height, width), mode="nearest")[:, 0].long()
    light, shift = 0.75 + 0.5 * torch.rand(len(images), 1, 1, 1), 0.4 * torch.rand(len(images), 1, 1, 1) - 0.2
    return images * light + shift, masks


def planes(images: "np.ndarray[Any, Any]") -> Tensor:
    """Pictures of bytes as planes in 0..1, of whole strides."""
    return padded(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, 0)


def padded(maps: Tensor, value: int) -> Tensor:
    """Maps continued by `value` to sides of whole strides."""
    return F.pad(maps, [0, -maps.shape[-1] % 32, 0, -maps.shape[-2] % 32], value=value)


def fill(model: Any, file: str) -> None:
    """Put the weights in `file` into the encoder: timm's tensors, whose names come from a network of timm."""
    import timm

    given = torch.load(file, map_location="cpu", weights_only=True)
    named = dict(zip(timm.create_model("tf_efficientnet_lite0").state_dict(), given.values(), strict=True))
    wanted = model.encoder.state_dict()
    model.encoder.load_state_dict({name: named[name.removeprefix("model.")] for name in wanted})


if __name__ == "__main__":
    main()
