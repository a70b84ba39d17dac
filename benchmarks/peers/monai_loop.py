"""A 3D U-Net of monai in its usual recipe, for so many seconds: `monai_loop.py FOLDER SECONDS OUT`.

    python monai_loop.py FOLDER SECONDS OUT [--processor] [--batch 4] [--rate 1e-3]

FOLDER holds NIfTI files and `splits.csv` (image, label, split); the volumes of `train` and `val` are learnt from. What
its tutorials write: `UNet` with residual units, instance normalisation, `DiceCELoss`, intensities normalised a volume,
flips, small affine maps, light and contrast varied, AdamW, the rate by a cosine over the time; float32, one step after
the other. The seconds are those of the steps alone; the peak of memory is of the whole process. OUT becomes an archive
with the predicted mask of each test volume in the order of its file's axes, by the name of its image.
"""

import argparse
import csv
import json
import math
import resource
import time
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from monai.data import set_track_meta
from monai.losses import DiceCELoss
from monai.networks.nets import UNet
from monai.transforms import (
    Compose,
    DivisiblePad,
    NormalizeIntensity,
    RandAdjustContrastd,
    RandAffined,
    RandFlipd,
    RandScaleIntensityd,
    RandShiftIntensityd,
    ResizeWithPadOrCropd,
)
from torch import Tensor

STRIDE = 8  # voxels that the network halves its sides by
BOTH = ("image", "label")
Examples = list[dict[str, Any]]


def main() -> None:
    """Train, answer and print what it took as JSON."""
    warnings.simplefilter("ignore")
    set_track_meta(False)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("out")
    parser.add_argument("--processor", action="store_true", help="the seconds are the processor's")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    rows = list(csv.DictReader((arguments.folder / "splits.csv").open(encoding="utf-8")))
    taught = [example(arguments.folder, row) for row in rows if row["split"] != "test"]
    classes = 1 + max(int(each["label"].max()) for each in taught)
    model = UNet(3, 1, classes, (16, 32, 64, 128), (2, 2, 2), num_res_units=2)
    steps = train(model, taught, arguments)
    model.eval()
    found = {
        Path(row["image"]).name: answer(model, example(arguments.folder, row)["image"])
        for row in rows
        if row["split"] == "test"
    }
    np.savez(arguments.out, **found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": steps, "volumes": steps * arguments.batch, "peak_mib": peak}))


def example(folder: Path, row: dict[str, str]) -> dict[str, Any]:
    """A volume (1, x, y, z), its intensities normalised, and its mask."""
    image, label = (np.asarray(nibabel.load(folder / row[key]).dataobj, np.float32)[None] for key in BOTH)  # type: ignore[attr-defined]
    return {"image": NormalizeIntensity()(image), "label": label}


def train(model: Any, taught: Examples, arguments: argparse.Namespace) -> int:
    """Steps until the time is over; how many there were."""
    sides = np.max([each["image"].shape[1:] for each in taught], axis=0)
    vary = variation([int(side + -side % STRIDE) for side in sides])
    optimizer = torch.optim.AdamW(model.parameters(), arguments.rate, weight_decay=1e-5)
    loss = DiceCELoss(to_onehot_y=True, softmax=True)
    clock = time.process_time if arguments.processor else time.perf_counter
    began, steps = clock(), 0
    model.train()
    while (share := (clock() - began) / arguments.seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * (1 + math.cos(math.pi * share)) / 2
        chosen = [vary(taught[row]) for row in torch.randperm(len(taught))[: arguments.batch].tolist()]
        images, labels = (torch.stack([torch.as_tensor(each[key]) for each in chosen]) for key in BOTH)
        found = loss(model(images), labels)
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
        steps += 1
    return steps


def variation(sides: list[int]) -> Any:
    """What makes an example of a step: all of one size, varied."""
    return Compose(
        [
            ResizeWithPadOrCropd(BOTH, sides),
            RandAffined(BOTH, prob=0.5, rotate_range=[0.2] * 3, scale_range=[0.1] * 3, mode=("bilinear", "nearest")),
            RandFlipd(BOTH, prob=0.5, spatial_axis=0),
            RandScaleIntensityd(["image"], factors=0.1, prob=0.5),
            RandShiftIntensityd(["image"], offsets=0.1, prob=0.5),
            RandAdjustContrastd(["image"], prob=0.2, gamma=(0.7, 1.5)),
        ]
    )


def answer(model: Any, image: Any) -> Any:
    """The mask of a volume (1, x, y, z), at its own sides."""
    padded: Tensor = torch.as_tensor(DivisiblePad(STRIDE, method="end")(image))
    with torch.inference_mode():
        found = model(padded[None]).argmax(1)[0]
    x, y, z = image.shape[1:]
    return found[:x, :y, :z].numpy().astype(np.uint8)


if __name__ == "__main__":
    main()
