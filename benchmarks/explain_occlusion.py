"""How long occlusion takes in every way it can be computed, beside captum; a part of `explain.py`."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from captum.attr import Occlusion as Captum
from explain_equality import Asked, random_network
from measuring import print_table
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.explain.explain import load_explained
from convsight.explain.fill import stand_in
from convsight.explain.method import MethodOptions
from convsight.explain.occlusion import Occlusion, Windows
from convsight.explain.subject import Subject
from convsight.export.export import export_network
from convsight.inside.recomputing import share_to_redo
from convsight.progress import Silent
from convsight.runtime.find_network import NetworkName

Map = NDArray[np.float64]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("photos", type=Path, help="a folder of photos: the first is explained")
    parser.add_argument("--net", default="resnet50")
    parser.add_argument("--side", type=int, default=224, help="px that the network sees")
    parser.add_argument("--window", type=int, default=15)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--together", type=int, default=16, help="windows that captum is given at once")


def run(arguments: argparse.Namespace) -> None:
    """Print seconds by engine and number format; differences are shares of the largest number of captum's map."""
    files = sorted(file for file in arguments.photos.iterdir() if file.suffix != ".txt")
    options = MethodOptions(window=arguments.window, stride=arguments.stride)
    with tempfile.TemporaryDirectory() as place:
        asked = random_network(arguments.net, files, arguments.side, Path(place))
        theirs, seconds = timed(lambda: captum_map(asked, options, arguments.together))
        rows = [["captum", "PyTorch in float32", f"{seconds:.1f}", "1", "-"]]
        for name, subject in subjects(Path(place), files, asked.subject):
            method = Occlusion(options)
            ours, own = timed(partial(method.importance, subject))
            away = np.abs(ours - theirs).max() / np.abs(theirs).max()
            rows.append([name, method.settings()["computed_by"], f"{own:.1f}", f"{own / seconds:.2f}", f"{away:.0e}"])
    windows = Windows(asked.subject.sides, arguments.window, arguments.stride)
    share = share_to_redo(asked.model, 3, windows)
    words = (
        f"{arguments.net} at {arguments.side} px, {len(windows)} windows, share of multiply-adds to redo {share:.2f}"
    )
    print_table(f"Occlusion: {words}", ["by", "computed by", "s", "of captum's time", "difference"], rows)


def subjects(folder: Path, files: list[Path], in_torch: Subject) -> Iterator[tuple[str, Subject]]:
    """The same question to every engine and number format there is; first with, then without what recomputes parts."""
    yield "parts, PyTorch", in_torch
    yield "all, PyTorch", replace(in_torch, open_network=closed)
    graph = folder / "model.onnx"
    card = in_torch.open_network().card
    pictures = partial(map, np.asarray, [Image.open(file).convert("RGB") for file in files])
    export_network(folder / "model.safetensors", card, "onnx", graph, lambda: iter(pictures()), Silent())
    for precision in ("float32", "bfloat16"):
        try:
            subject = load_explained(NetworkName(graph, "openvino", precision)).subject(
                files[0], in_torch.question.words
            )
        except UserError as error:
            print(error)
            continue
        yield "all, OpenVINO", subject


def closed() -> None:
    """There is no network to be opened, so that all is computed."""
    raise UserError("closed")


def captum_map(asked: Asked, options: MethodOptions, together: int) -> Map:
    """Captum's map (height, width) of the class's probability, with our windows and fill."""
    network = asked.subject.open_network()
    baseline = network.planes(stand_in(asked.subject.array)[None]).detach()
    window, stride = options.window, options.stride
    with torch.no_grad():
        found = Captum(lambda planes: asked.model(planes).softmax(dim=1)).attribute(
            asked.planes.detach(),
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            baselines=baseline,
            target=asked.label,
            perturbations_per_eval=together,
        )
    values: Map = found[0, 0].double().numpy()
    return values


def timed(work: Callable[[], Map]) -> tuple[Map, float]:
    """What `work` gives, and how many seconds it took."""
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun
