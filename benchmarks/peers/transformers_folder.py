"""A folder answered by the pipeline of transformers: `transformers_folder.py MODEL BATCH FOLDER`."""

import sys
from pathlib import Path

from transformers import pipeline


def main(model: str, batch: str, folder: str) -> None:
    """Print the class and its probability for every image."""
    prediction = pipeline("image-classification", model=model, device="cpu")
    files = [str(file) for file in sorted(Path(folder).iterdir())]
    for file, found in zip(files, prediction(files, batch_size=int(batch), top_k=1), strict=True):
        print(f"{file},{found[0]['label']},{found[0]['score']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
