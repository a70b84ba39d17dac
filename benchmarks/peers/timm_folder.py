"""A folder answered as timm's own script for inference does: `timm_folder.py NET WEIGHTS WORKERS FOLDER`."""

import sys

import torch
from timm.data.config import resolve_data_config
from timm.data.dataset_factory import create_dataset
from timm.data.loader import create_loader
from timm.models import create_model
from torch import device


def main(name: str, weights: str, workers: str, folder: str) -> None:
    """Print the class and its probability for every image."""
    model = create_model(name, checkpoint_path=weights).eval()
    config = resolve_data_config({}, model=model)  # type: ignore[no-untyped-call]
    loader = create_loader(
        create_dataset(root=folder, name=""),
        batch_size=32,
        use_prefetcher=True,
        num_workers=int(workers),
        persistent_workers=int(workers) > 0,
        device=device("cpu"),
        **config,
    )
    names = iter(loader.dataset.filenames())
    with torch.inference_mode():
        for batch, _ in loader:
            probability, prediction = model(batch).softmax(-1).max(-1)
            for one, sure in zip(prediction.tolist(), probability.tolist(), strict=True):
                print(f"{next(names)},{one},{sure}")


if __name__ == "__main__":
    main(*sys.argv[1:])
