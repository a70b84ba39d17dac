"""From files to masks by PyTorch as people call it: `eager_masks.py RUN IMAGES`.

The network of RUN in evaluation mode without gradients, an image at a time as its file is read: decoded and resized by
Pillow, normalised, logits, the largest, the mask as PNG in memory.
"""

import io
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from convsight.export.torch_engine import load_network
from convsight.inputs import ImageInput
from convsight.model_files import read_card


def main(run: str, images: str) -> None:
    """Answer every image of a folder."""
    file = Path(run) / "model.safetensors"
    spec, model = read_card(file).input, load_network(file).eval()
    assert isinstance(spec, ImageInput)
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (spec.mean, spec.std))
    with torch.inference_mode():
        for picture in sorted(Path(images).iterdir()):
            image = Image.open(picture).convert("RGB")
            resized = np.array(image.resize((spec.width, spec.height), Image.Resampling.BILINEAR))
            planes = torch.from_numpy(resized).permute(2, 0, 1)[None].float() / 255
            found = model((planes - mean) / std).argmax(1)[0].to(torch.uint8).numpy()
            Image.fromarray(found).resize(image.size, Image.Resampling.NEAREST).save(io.BytesIO(), "PNG")


if __name__ == "__main__":
    main(*sys.argv[1:])
