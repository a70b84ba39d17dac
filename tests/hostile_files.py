"""Files of every kind that is read, changed as damage and malice change them: a reader must read them or say why not.

`tests/test_hostile_files.py` tries some, `benchmarks/fuzz_readers.py` as many as it is told to.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save

from convsight.card import METADATA_KEY
from convsight.datasets import apply_splits_csv, cut_splits, read_dataset, splits_csv
from convsight.errors import UserError
from convsight.export.torch_engine import load_network
from convsight.model_files import read_card
from convsight.nets.catalogue import net_entry
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.text.toml import read_toml
from convsight.run import Run
from convsight.training.checkpoint import read_checkpoint, save_checkpoint

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:e-?\d+)?|true|false|null|[A-Za-z_]+|\[\]|\{\}')
_HOSTILE = (
    b"-1", b"0", b"1e999", b"-0.0", b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}", b'""', b'"\\u0000"', b"9" * 25,
    b"9" * 5000, b"1" * 100_000, b'"' + b"x" * 5000 + b'"', b"4294967296", b"9223372036854775807", b"[[[[1]]]]",
    b'{"a": 1}', b'"../../etc/passwd"', b"1e-320", b'"\\ud800"', b"\xff\xfe", b"[" * 2000, b"0x10", b"1.5",
)  # fmt: skip
_KERAS = Path(__file__).parent / "nets" / "keras" / "fixtures" / "lecture2.json"
_JSON_HEADER = 8  # bytes that tell how long the header of a safetensors file is


class Kind(NamedTuple):
    """A kind of file: `make` writes a good one into a folder, `read` reads it, or what it belongs to."""

    make: Callable[[Path], Path]
    read: Callable[[Path], object]


def kinds(run: Run) -> dict[str, Kind]:
    """All kinds, those of models after a finished `run`."""

    def copied(file: Path) -> Callable[[Path], Path]:
        def make(folder: Path) -> Path:
            (folder / file.name).write_bytes(file.read_bytes())
            return folder / file.name

        return make

    return {
        "card in safetensors": Kind(copied(run.model_file), read_card),
        "network in safetensors": Kind(copied(run.model_file), load_network),
        "card in ONNX": Kind(copied(run.exported_file), read_card),
        "settings": Kind(copied(run.path / "settings.toml"), lambda file: Run(file.parent).settings()),
        "state dict in safetensors": Kind(_safetensors, read_state_dict),
        "state dict of PyTorch": Kind(_state_dict, read_state_dict),
        "checkpoint": Kind(_checkpoint, _load_checkpoint),
        "COCO": Kind(_coco, read_dataset),
        "data.yaml": Kind(_yolo, lambda file: read_dataset(file.parent)),
        "table": Kind(_table, read_dataset),
        "VOC": Kind(_voc, lambda file: read_dataset(file.parent)),
        "WIDER FACE": Kind(_wider_face, read_dataset),
        "Label Studio": Kind(_label_studio, read_dataset),
        "image list": Kind(_image_list, lambda file: read_dataset(file.parent)),
        "splits": Kind(_splits, _apply_splits),
        "network in TOML": Kind(_toml, read_toml),
        "network of Keras": Kind(copied(_KERAS), lambda file: net_entry(str(file))),
    }


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` with a few values exchanged for hostile ones, or bytes changed; a header's length stays right."""
    header = int.from_bytes(data[:_JSON_HEADER], "little")
    if header < len(data) and data[_JSON_HEADER : _JSON_HEADER + 1] == b"{" and rng.random() < 0.8:
        inside = _mutated(data[_JSON_HEADER : _JSON_HEADER + header], rng)
        return len(inside).to_bytes(_JSON_HEADER, "little") + inside + data[_JSON_HEADER + header :]
    return _mutated(data, rng)


def _mutated(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 3)):
        tokens = list(_TOKEN.finditer(data[:100_000])) if rng.random() < 0.7 else []
        if tokens:
            start, end = rng.choice(tokens).span()
            piece = rng.choice(_HOSTILE)
        else:
            start = rng.randint(0, len(data))
            end = start + rng.choice([0, 1, 1, 4, 50])
            piece = rng.choice([b"", rng.randbytes(rng.choice([1, 2, 8])), data[start:end] * 2, b"\0", b"\n", b'"'])
        data = data[:start] + piece + data[end:]
    return data


def fault(kind: Kind, folder: Path, seed: str) -> str:
    """What went wrong where a mutated file of this kind was read, empty where nothing did. `folder` is empty."""
    rng = random.Random(seed)
    file = kind.make(folder)
    file.write_bytes(mutated(file.read_bytes(), rng))
    try:
        kind.read(file)
    except UserError as error:
        return "" if 0 < len(str(error)) < 20_000 else f"a message of {len(str(error)):,} characters"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def _safetensors(folder: Path) -> Path:
    file = folder / "weights.safetensors"
    tensors = {"a.weight": np.ones((3, 4), np.float32), "a.bias": np.ones(3, np.float32)}
    file.write_bytes(save(tensors, {METADATA_KEY: "none"}))
    return file


def _state_dict(folder: Path) -> Path:
    torch.save({"model": {"a.weight": torch.ones(3, 4), "a.bias": torch.ones(3)}, "epoch": 3}, folder / "weights.pth")
    return folder / "weights.pth"


def _optimizer() -> torch.optim.Optimizer:
    layer = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return optimizer


def _checkpoint(folder: Path) -> Path:
    file = folder / "state.safetensors"
    save_checkpoint(file, {"model": {"weight": torch.ones(3, 4)}}, {"all": _optimizer()}, {"epoch": 3, "rate": 0.5})
    return file


def _load_checkpoint(file: Path) -> object:
    kept = read_checkpoint(file)
    kept.put_into({"all": _optimizer()})
    return kept.card


def _images(folder: Path) -> Iterator[str]:
    for number in range(4):
        Image.new("RGB", (32, 24), (60 * number, 0, 0)).save(folder / f"{number}.png")
        yield f"{number}.png"


def _coco(folder: Path) -> Path:
    images = [{"id": i, "file_name": n, "width": 32, "height": 24} for i, n in enumerate(_images(folder))]
    boxes = [
        {"id": i, "image_id": i, "category_id": i % 2, "bbox": [1, 2, 10, 8.5], "area": 85.0, "iscrowd": 0}
        for i in range(4)
    ]
    classes = [{"id": i, "name": name, "supercategory": "animal"} for i, name in enumerate(("cat", "dog"))]
    (folder / "data.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": classes}))
    return folder / "data.json"


def _yolo(folder: Path) -> Path:
    for part in ("images", "labels"):
        (folder / part).mkdir()
    for number, name in enumerate(_images(folder / "images")):
        (folder / "labels" / name).with_suffix(".txt").write_text(f"{number % 2} 0.5 0.5 0.2 0.3\n")
    text = 'path: .\ntrain: images\nval: images\nnc: 2\nnames:\n  0: "cat"\n  1: dog\n'
    (folder / "data.yaml").write_text(text)
    return folder / "data.yaml"


def _table(folder: Path) -> Path:
    rows = [f"{name},{'cat' if i % 2 else 'dog'},1,2,{10 + i},12.5\n" for i, name in enumerate(_images(folder))]
    (folder / "data.csv").write_text("file,label,left,top,right,bottom\n" + "".join(rows))
    return folder / "data.csv"


def _voc(folder: Path) -> Path:
    for name in _images(folder):
        text = (
            f'<?xml version="1.0"?><annotation><filename>{name}</filename><size><width>32</width><height>24</height>'
            "<depth>3</depth></size><object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin>"
            "<ymin>2.5</ymin><xmax>11</xmax><ymax>12</ymax></bndbox></object></annotation>"
        )
        (folder / name).with_suffix(".xml").write_text(text)
    return folder / "3.xml"


def _wider_face(folder: Path) -> Path:
    faces = "2\n1 2 10 12 0 0 0 0 0 0\n3 4 9 8 1 0 0 1 2 0\n"
    (folder / "train_bbx_gt.txt").write_text("".join(f"{name}\n{faces}" for name in _images(folder)))
    return folder / "train_bbx_gt.txt"


def _label_studio(folder: Path) -> Path:
    value = {"x": 10, "y": 20.5, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["cat"]}
    result = [{"type": "rectanglelabels", "value": value}]
    tasks = [{"id": 3, "data": {"image": n}, "annotations": [{"result": result}]} for n in _images(folder)]
    (folder / "export.json").write_text(json.dumps(tasks))
    return folder / "export.json"


def _image_list(folder: Path) -> Path:
    (folder / "train.txt").write_text("".join(f"{name} {i % 2}\n" for i, name in enumerate(_images(folder))))
    (folder / "synsets.txt").write_text("cat\ndog\n")
    return folder / "train.txt"


def _splits(folder: Path) -> Path:
    (folder / "splits.csv").write_text(splits_csv(cut_splits(read_dataset(_table(folder)), 0.25, 0.25, seed=0)))
    return folder / "splits.csv"


def _apply_splits(file: Path) -> object:
    return apply_splits_csv(read_dataset(file.parent / "data.csv"), Run(file.parent).splits())


def _toml(folder: Path) -> Path:
    text = 'name = "two"\ninput = "28x28x1"\ninit = "he"\nlayers = ["conv 16 3x3 relu", "flatten", "dense classes"]\n'
    (folder / "net.toml").write_text(text)
    return folder / "net.toml"


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """`folder` for one file, empty before and after."""
    folder.mkdir()
    try:
        yield folder
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        folder.rmdir()
