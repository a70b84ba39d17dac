"""The ways to answer a folder of photos: convsight's own and those of other tools, each as a command.

All networks are random (see `random_networks`), since only speed is asked for; those of convsight and torchvision have
a class that is far ahead on every image, so that the proof of the export holds. Ultralytics is run through its own
command line alone, in its own processes, offline.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from measuring import HERE, peer_packages
from random_networks import random_network
from safetensors.torch import save_file
from ultralytics_peer import yolo, yolo_environment

from convsight.datasets import Examples, ImageStore
from convsight.datasets.dataset import Split
from convsight.export.export import export_network
from convsight.export.exporters import OnnxExporter
from convsight.export.onnx_graph import onnx_graph, with_card
from convsight.export.proof_images import proof_images
from convsight.export.quantise import quantised
from convsight.export.torch_engine import load_network, save_network
from convsight.model_files import read_card
from convsight.progress import Terminal
from convsight.results import Labels

IMAGES = "IMAGES"  # stands in a command where the folder belongs
_LEARNT = 64  # images from which the ranges of int8 are learnt

# What other tools call torchvision's networks; where they have none, they are left out.
_TIMM = {"resnet50": "resnet50", "mobilenet_v3_large": "mobilenetv3_large_100"}
_TRANSFORMERS = ("resnet50", "mobilenet_v3_large")
_ULTRALYTICS = {"resnet50": "yolov8-cls-resnet50.yaml"}
_ULTRALYTICS_MODEL = """
import sys, torch
from ultralytics import YOLO
model = YOLO(sys.argv[1])
for module in model.model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.momentum = None
with torch.no_grad():
    model.model.train()(torch.rand(16, 3, 224, 224))
model.save(sys.argv[2])
"""


class Failed(Exception):  # noqa: N818  # said of a contender
    """A command that ended badly, or answered too few images; the reason."""


@dataclass(frozen=True)
class Contender:
    """One way to predict a folder: `command` with `IMAGES` in the folder's place, and its environment."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    ours: bool = False

    def seconds(self, folder: Path) -> float:
        """Seconds of a whole process that answers every image in `folder`, its predictions going to a file."""
        command = [str(folder) if part == IMAGES else part.replace(IMAGES, str(folder)) for part in self.command]
        predictions = folder.parent / "answers.txt"
        with open(predictions, "w") as out:
            began = time.perf_counter()
            done = subprocess.run(
                command, stdout=out, stderr=subprocess.PIPE, env={**os.environ, **self.environment}, check=False
            )
            seconds = time.perf_counter() - began
        if done.returncode:
            raise Failed((done.stderr.decode().strip().splitlines() or ["no words"])[-1])
        lines, wanted = len(predictions.read_text().splitlines()), len(list(folder.iterdir()))
        if lines < wanted:
            raise Failed(f"{lines} lines for {wanted} images")
        return seconds


class Workshop:
    """Makes in `folder` what the commands for `net` need: each file once, when it is asked for."""

    def __init__(self, net: str, folder: Path, photos: Sequence[Path]) -> None:
        self.net = net
        self.folder = folder
        self.photos = photos
        folder.mkdir(parents=True)
        # Compiled networks are kept beside the files, not among the user's own.
        self.ours = {"XDG_CACHE_HOME": str(folder / "cache")}

    def model(self) -> Path:
        """`model.onnx`, exported and proven by convsight, beside its `model.safetensors`."""
        file, source = self.folder / "model.onnx", self.folder / "model.safetensors"
        if not file.exists():
            network, card = random_network(self.net, self.photos, sure=True)
            save_network(source, network, card)
            export_network(
                source, card, "onnx", file, partial(proof_images, self.photos, card.input, 100.0), Terminal()
            )
        return file

    def float32_model(self) -> Path:
        """The same graph without the proof that bfloat16 answers alike, so that it is run in float32."""
        file = self.folder / "float32.onnx"
        if not file.exists():
            card = read_card(self.model())
            kept = tuple(proof for proof in card.proofs if proof.precision != "bfloat16")
            file.write_bytes(with_card(onnx.load(self.model()), card.model_copy(update={"proofs": kept})))
        return file

    def int8_model(self) -> Path:
        """The same network in 8-bit numbers, as `convsight export --int8` makes it, but neither judged nor proven."""
        file = self.folder / "int8.onnx"
        if not file.exists():
            self.model()
            source = self.folder / "model.safetensors"
            card = read_card(source)
            chosen = self.photos[:_LEARNT]
            targets = Labels(np.zeros(len(chosen), np.int64), card.target.names)
            split = Split("all", list(chosen), targets, [file.name for file in chosen])
            images, _ = ImageStore.read(split, card.input, workers=2)
            graph = quantised(onnx_graph(load_network(source), card), Examples(images, targets))
            OnnxExporter(graph).write(file, card.model_copy(update={"weights": "int8"}))
        return file

    def weights(self) -> Path:
        """The tensors of torchvision's network."""
        self.model()
        return self.folder / "model.safetensors"

    def timm_weights(self, name: str) -> Path:
        """The tensors of timm's network."""
        file = self.folder / "timm.safetensors"
        if not file.exists():
            network, _ = random_network(f"timm/{name}", self.photos)
            save_file({key: value.contiguous() for key, value in network.state_dict().items()}, file)
        return file

    def transformers_model(self) -> Path:
        """A model folder of transformers."""
        made = self.folder / "transformers"
        if not made.exists():
            script = str(HERE / "peers" / "transformers_make.py")
            command = [sys.executable, script, self.net, str(self.photos[0].parent), str(made)]
            paths = [peer_packages("transformers"), HERE, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in paths if path)}
            subprocess.run(command, env=environment, stdout=sys.stderr, check=True)
        return made

    def ultralytics_model(self, yaml: str) -> Path:
        """A model file of Ultralytics, made in a process of its own."""
        file = self.folder / "ultralytics.pt"
        if not file.exists():
            environment = {**os.environ, **yolo_environment(self.folder / "ultralytics")}
            for command in (
                yolo("settings", "sync=False"),
                [sys.executable, "-c", _ULTRALYTICS_MODEL, yaml, str(file)],
            ):
                subprocess.run(command, env=environment, cwd=self.folder, stdout=sys.stderr, check=True)
        return file


def convsight(shop: Workshop, name: str, model: Path, environment: dict[str, str] | None = None) -> Contender:
    """`convsight predict`, which chooses engine and number format by the model file."""
    command = (sys.executable, "-m", "convsight", "predict", str(model), IMAGES)
    return Contender(name, command, {**shop.ours, **(environment or {})}, ours=True)


def peers(shop: Workshop, batches: Sequence[int], workers: int) -> dict[str, Callable[[], Contender]]:
    """The other tools that have the network, by the name of the contender, to be made when they are wanted.

    transformers and Ultralytics answer in each of the sizes of `batches`, timm reads in `workers` processes.
    """
    found: dict[str, Callable[[], Contender]] = {"torchvision, one by one": lambda: _torchvision(shop)}
    if shop.net in _TIMM:
        found["timm, batch 32"] = lambda: _timm(shop, workers)
    for batch in batches:
        if shop.net in _TRANSFORMERS:
            found[f"transformers pipeline, batch {batch}"] = partial(_transformers, shop, batch)
        if shop.net in _ULTRALYTICS:
            found[f"Ultralytics, batch {batch}"] = partial(_ultralytics, shop, batch)
    return found


def missing(net: str) -> list[str]:
    """What is left out for `net`, in words."""
    notes = []
    if net not in _TIMM:
        notes.append(f"timm and transformers: no counterpart of {net} is written down here")
    if net not in _ULTRALYTICS:
        notes.append(f"Ultralytics: ships no {net}")
    if net == "mobilenet_v3_large":
        notes.append("transformers: has no MobileNetV3 of its own and wraps timm's")
    return notes


def wanted(name: str, patterns: Sequence[str]) -> bool:
    """Whether a contender was asked for: all are, unless a part of their names was given."""
    return not patterns or any(fnmatch(name.lower(), f"*{pattern.lower()}*") for pattern in patterns)


def made(makers: dict[str, Callable[[], Contender]], patterns: Sequence[str]) -> list[Contender]:
    """The contenders that were asked for; one that cannot be made is reported on standard error and left out."""
    found = []
    for name, make in makers.items():
        if wanted(name, patterns):
            try:
                found.append(make())
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{name} cannot be made: {error}", file=sys.stderr)
    return found


def _torchvision(shop: Workshop) -> Contender:
    script = str(HERE / "peers" / "torchvision_folder.py")
    return Contender("torchvision, one by one", (sys.executable, script, shop.net, str(shop.weights()), IMAGES))


def _timm(shop: Workshop, workers: int) -> Contender:
    script, name = str(HERE / "peers" / "timm_folder.py"), _TIMM[shop.net]
    command = (sys.executable, script, name, str(shop.timm_weights(name)), str(workers), IMAGES)
    return Contender("timm, batch 32", command)


def _transformers(shop: Workshop, batch: int) -> Contender:
    script = str(HERE / "peers" / "transformers_folder.py")
    environment = {"PYTHONPATH": str(peer_packages("transformers")), "HF_HUB_OFFLINE": "1"}
    command = (sys.executable, script, str(shop.transformers_model()), str(batch), IMAGES)
    return Contender(f"transformers pipeline, batch {batch}", command, environment)


def _ultralytics(shop: Workshop, batch: int) -> Contender:
    model = shop.ultralytics_model(_ULTRALYTICS[shop.net])
    words = (f"model={model}", f"source={IMAGES}", "imgsz=224", f"batch={batch}", "save=False", "device=cpu")
    command = tuple(yolo("predict", "task=classify", *words))
    return Contender(f"Ultralytics, batch {batch}", command, yolo_environment(shop.folder / "ultralytics"))
