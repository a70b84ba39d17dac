"""Training as PyTorch's users write it: `train_loops.py LOOP NET ARCHIVE BATCH EPOCHS` prints images/s of epochs.

LOOP is `torch` (the loop of PyTorch's tutorials), `timm` (its networks, optimizer factory and label smoothing),
`fastai` (a `Learner`) or `lightning` (a `LightningModule` and a `Trainer`). All in float32, as these are by default,
with AdamW at a rate of 0.001, and with the images in memory as normalised floats.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from convsight.nets.catalogue import NetShape, build_net

CLASSES = 10
RATE = 1e-3
OF_TIMM = {"resnet18": "resnet18", "mobilenet_v3_small": "mobilenetv3_small_100"}


def main(loop: str, net: str, archive: str, batch: int, epochs: int) -> None:
    """Train, and print a JSON list of images a second, an epoch each."""
    warnings.simplefilter("ignore")
    data = np.load(archive)
    images = torch.from_numpy(data["images"]).permute(0, 3, 1, 2).float().contiguous() / 255
    dataset = TensorDataset((images - images.mean()) / images.std(), torch.from_numpy(data["labels"]))
    speeds = LOOPS[loop](network(loop, net, images), dataset, batch, epochs)
    print(json.dumps(speeds))


def network(loop: str, net: str, images: Tensor) -> nn.Module:
    """The network called `net`, of timm where timm has it and is asked."""
    if loop == "timm" and net in OF_TIMM:
        import timm

        made: nn.Module = timm.create_model(OF_TIMM[net], num_classes=CLASSES, in_chans=images.shape[1])
        return made
    shape = NetShape(outputs=CLASSES, channels=images.shape[1], height=images.shape[2], width=images.shape[3])
    return build_net(net, shape)


def plain(model: nn.Module, dataset: TensorDataset, batch: int, epochs: int) -> list[float]:
    """The loop of PyTorch's tutorials."""
    return looped(model, dataset, batch, epochs, torch.optim.AdamW(model.parameters(), lr=RATE), F.cross_entropy)


def timm_recipe(model: nn.Module, dataset: TensorDataset, batch: int, epochs: int) -> list[float]:
    """That of timm's training script: its optimizer factory, which spares biases from decay, and its loss."""
    from timm.loss.cross_entropy import LabelSmoothingCrossEntropy
    from timm.optim._optim_factory import create_optimizer_v2

    loss: nn.Module = LabelSmoothingCrossEntropy(0.1)  # type: ignore[no-untyped-call]
    optimizer = create_optimizer_v2(model, opt="adamw", lr=RATE, weight_decay=0.05)
    return looped(model, dataset, batch, epochs, optimizer, loss)


def looped(
    model: nn.Module,
    dataset: TensorDataset,
    batch: int,
    epochs: int,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[Tensor, Tensor], Tensor],
) -> list[float]:
    """Steps over all batches, `epochs` times."""
    loader = DataLoader(dataset, batch_size=batch, shuffle=True)
    model.train()
    speeds = []
    for _ in range(epochs):
        began = time.perf_counter()
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_of(model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        speeds.append(len(dataset) / (time.perf_counter() - began))
    return speeds


def fastai(model: nn.Module, dataset: TensorDataset, batch: int, epochs: int) -> list[float]:
    """A `Learner` as its documentation makes one of PyTorch's own data: fastai's Adam, decoupled decay."""
    from fastai.callback import progress  # noqa: F401 - gives learners `no_bar`
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner

    speeds: list[float] = []

    class Timed(Callback):  # type: ignore[misc, unused-ignore]
        def before_train(self) -> None:
            self.began = time.perf_counter()

        def after_train(self) -> None:
            speeds.append(len(dataset) / (time.perf_counter() - self.began))

    loaders = DataLoaders(
        DataLoader(dataset, batch_size=batch, shuffle=True), DataLoader(dataset, batch_size=batch), device="cpu"
    )
    learner = Learner(loaders, model, loss_func=F.cross_entropy, cbs=[Timed()], lr=RATE)
    with learner.no_bar(), learner.no_logging():
        learner.fit(epochs, RATE)
    return speeds


def lightning(model: nn.Module, dataset: TensorDataset, batch: int, epochs: int) -> list[float]:
    """A `LightningModule` as its documentation writes one, without logger, checkpoints and bars."""
    import pytorch_lightning

    speeds: list[float] = []

    class Module(pytorch_lightning.LightningModule):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, parts: list[Tensor], number: int) -> Any:
            return F.cross_entropy(self.model(parts[0]), parts[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=RATE)

        def on_train_epoch_start(self) -> None:
            self.began = time.perf_counter()

        def on_train_epoch_end(self) -> None:
            speeds.append(len(dataset) / (time.perf_counter() - self.began))

    trainer = pytorch_lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Module(), DataLoader(dataset, batch_size=batch, shuffle=True))
    return speeds


LOOPS: dict[str, Callable[[nn.Module, TensorDataset, int, int], list[float]]] = {
    "torch": plain,
    "timm": timm_recipe,
    "fastai": fastai,
    "lightning": lightning,
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
