"""A folder answered as torchvision's documentation shows: `torchvision_folder.py NET WEIGHTS FOLDER`."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torchvision.io import decode_image
from torchvision.models import get_model
from torchvision.transforms._presets import ImageClassification


def main(name: str, weights: str, folder: str) -> None:
    """Print the class and its probability for every image."""
    model = get_model(name).eval()
    model.load_state_dict(load_file(weights))
    preprocess = ImageClassification(crop_size=224)  # what `weights.transforms()` is for ImageNet's first weights
    with torch.inference_mode():
        for file in sorted(Path(folder).iterdir()):
            batch = preprocess(decode_image(str(file), mode="RGB")).unsqueeze(0)
            prediction = model(batch).squeeze(0).softmax(0)
            best = int(prediction.argmax())
            print(f"{file},{best},{float(prediction[best])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
