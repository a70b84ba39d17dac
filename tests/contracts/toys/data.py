"""Archives of arrays for the toys: noise of a brightness of its own, and what is to be found out about it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE, COUNT = 32, 120


def archive(folder: Path, task: str, target: dict[str, Any], inputs: Any, targets: Any) -> Path:
    """An `.npz` with these arrays."""
    file = folder / f"{task}.npz"
    np.savez(file, about=json.dumps({"task": task, "target": target}), inputs=inputs, targets=targets)
    return file


def images() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Noise (images, 32, 32, 3) around a level of its own."""
    random = np.random.default_rng(0)
    level = random.uniform(40, 210, (COUNT, 1, 1, 1))
    return np.clip(level + random.normal(0, 20, (COUNT, SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def heights(folder: Path, task: str) -> Path:
    """Images, and a height between 5,000 and 9,000 m that follows their brightness."""
    metres = 5000 + 4000 * images().mean(axis=(1, 2, 3)) / 255
    return archive(folder, task, {"kind": "numbers", "names": ["height"], "units": ["m"]}, images(), metres)


def negatives(folder: Path, task: str) -> Path:
    """Images, and their negatives in grey."""
    target = {"kind": "image", "names": ["grey"]}
    return archive(folder, task, target, images(), 255 - images().mean(axis=3, keepdims=True).astype(np.uint8))


def sequences() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two channels of 40 steps: a wave, slow in even examples and fast in odd ones."""
    random, steps = np.random.default_rng(0), np.arange(40)
    phase, speed = random.uniform(0, 1, (COUNT, 1, 1)), np.where(np.arange(COUNT) % 2, 1.2, 0.4)[:, None, None]
    waves = np.sin(phase + speed * steps + np.array([[0.0], [1.5]]))
    return np.asarray(waves + random.normal(0, 0.2, waves.shape), np.float32)


def volumes() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Noise (volumes, 4, 6, 8, 2), the upper half of each brighter in even ones and the lower half in odd ones."""
    noise = np.random.default_rng(0).integers(0, 120, (COUNT, 4, 6, 8, 2))
    noise[::2, :2] += 80
    noise[1::2, 2:] += 80
    return noise.astype(np.uint8)


def waves(folder: Path, task: str) -> Path:
    """Sequences, and whether they are slow or fast."""
    target = {"kind": "classes", "names": ["slow", "fast"]}
    return archive(folder, task, target, sequences(), np.arange(COUNT) % 2)


def halves(folder: Path, task: str) -> Path:
    """Volumes, and which of their halves is brighter."""
    target = {"kind": "classes", "names": ["upper", "lower"]}
    return archive(folder, task, target, volumes(), np.arange(COUNT) % 2)


def image_file(folder: Path) -> Path:
    """One of the images as PNG."""
    Image.fromarray(images()[0]).save(folder / "one.png")
    return folder / "one.png"


def sequence_file(folder: Path) -> Path:
    """One of the sequences as an array file."""
    np.save(folder / "one.npy", sequences()[0])
    return folder / "one.npy"


def volume_file(folder: Path) -> Path:
    """One of the volumes as an array file."""
    np.save(folder / "one.npy", volumes()[0])
    return folder / "one.npy"
