"""Large pictures in tiles: peak memory and time of a GeoTIFF of any size, how it goes on after a kill, and seams.

    python benchmarks/tiles.py [--parts memory seams] [--side 20000] [--minutes 3]

`memory` makes a GeoTIFF of `--side` x `--side` px of 4 bands of 8 bits, trains two convolutions on small ones like it,
exports them for tiles of 256 px, and predicts the large one by the command, in a process of its own whose peak resident
size the system reports. A second such job is killed half way and begun again; its file must have the same pixels.

`seams` trains a U-Net for `--minutes` on drawn things and predicts pictures of 1,024 px in tiles with several overlaps:
how much the probabilities of neighbouring pixels differ where one tile takes over from the next, beside how much they
differ elsewhere, and how far tiles are from the prediction of the whole picture at once.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import rasterio
import torch
from affine import Affine
from measuring import print_table, versions
from rasterio.windows import Window
from torch import nn

import convsight
from convsight.card import Card
from convsight.datasets import Dataset, Split
from convsight.export.onnx_graph import onnx_graph, with_card
from convsight.export.torch_engine import graph_engine, load_network
from convsight.inputs import ImageInput
from convsight.nets.input_layers import InputLayer
from convsight.results import ClassMap, ClassMaps
from convsight.runtime.blended import HeldRows, Tiles, blended_strips
from convsight.runtime.engine import Engine
from convsight.targets import Palette
from convsight.tasks import task_of

_NAMES = ("ground", "field", "water")
_LEVELS = np.array([[40, 40, 40, 40], [60, 150, 60, 220], [30, 60, 160, 20]])
_PATTERN, _BLOCK = 2048, 512  # px
_SHOWN = 0.5  # of the rows that a job has predicted when it is killed


def tiny(data: Dataset, file: Path) -> None:
    """Two convolutions that have learnt `data`, as an ONNX file: what takes time and memory is then around them."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, len(_NAMES), 3, padding=1))
    mean, std = (0.3,) * 4, (0.3,) * 4
    spec = ImageInput(height=256, width=256, fit="tile", overlap=64, channels=4, mean=mean, std=std)
    card = Card(task="segmentation", net="unet-s", target=Palette.of(_NAMES), input=spec)
    train, optimizer, layer = data.split("train"), torch.optim.Adam(layers.parameters(), 0.01), InputLayer(spec)
    for step in range(300):
        image, target = train.images[step % len(train)], train.targets[step % len(train)]
        if not isinstance(target, ClassMap):
            raise TypeError(f"expected class maps, not {type(target).__name__}")
        logits = layers(layer(torch.from_numpy(spec.load(image).array[None])))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(target.indices[None].astype(np.int64)))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    file.write_bytes(with_card(onnx_graph(layers.eval(), card), card))


def drawn(side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rectangles on noise: uint8 (4, side, side), and their classes (side, side)."""
    random = np.random.default_rng(seed)
    mask = np.zeros((side, side), np.uint8)
    for _ in range(side * side // 4000):
        top, left, height, width = (*random.integers(0, side, 2), *random.integers(8, 60, 2))
        mask[top : top + height, left : left + width] = random.integers(0, len(_NAMES))
    noise = random.normal(0, 25, (4, side, side))
    return np.clip(np.moveaxis(_LEVELS[mask], -1, 0) + noise, 0, 255).astype(np.uint8), mask


def write_tif(path: Path, pattern: np.ndarray, side: int) -> None:
    """A GeoTIFF in blocks, of `pattern` repeated to `side` x `side` pixels."""
    where = {"crs": "EPSG:32633", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000)}
    blocks = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK, "photometric": "minisblack"}
    size = {"width": side, "height": side, "count": 4, "dtype": "uint8"}
    across = np.tile(pattern, (1, 1, -(-side // pattern.shape[2])))[:, :, :side]
    with rasterio.open(path, "w", driver="GTiff", bigtiff="IF_SAFER", **size, **blocks, **where) as file:
        for top in range(0, side, pattern.shape[1]):
            rows = min(pattern.shape[1], side - top)
            file.write(across[:, :rows], window=Window(0, top, side, rows))


def data(folder: Path, counts: dict[str, int], side: int) -> Dataset:
    """So many drawn pictures of each split, as GeoTIFFs."""
    splits, seed = {}, 0
    for name, count in counts.items():
        files, masks = [], []
        for _ in range(count):
            seed += 1
            pixels, mask = drawn(side, seed)
            file = folder / f"{seed}.tif"
            write_tif(file, pixels, side)
            files.append(file)
            masks.append(mask)
        splits[name] = Split(name, files, ClassMaps(masks, _NAMES), [file.name for file in files])
    return Dataset("fields", str(folder), "segmentation", Palette.of(_NAMES), splits)


def predicted(run: Path, picture: Path, out: Path, kill_at: float | None = None) -> tuple[float, float]:
    """Seconds and peak MiB of the command; with `kill_at` it is killed when so much of its rows is there."""
    command = [sys.executable, "-m", "convsight", "predict", str(run), str(picture), "--out", str(out)]
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL if kill_at else None)
    part, whole = out.with_name(f"{out.name}.part"), rasterio.open(picture).width ** 2
    while process.poll() is None:
        peak = max(peak, _peak_mib(process.pid))
        if kill_at and part.exists() and part.stat().st_size > kill_at * whole:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.05)
    if process.returncode and not kill_at:
        sys.exit(f"the command failed: {process.returncode}")
    return time.perf_counter() - began, peak


def _peak_mib(process: int) -> float:
    """The peak resident size so far; what `getrusage` tells begins with that of the process it was forked from."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def memory(folder: Path, side: int) -> None:
    """Print the table of time and memory."""
    few = data(folder, {"train": 6}, 300)
    run = folder / "tiny.onnx"
    tiny(few, run)
    large, pattern = folder / "large.tif", drawn(_PATTERN, 99)
    write_tif(large, pattern[0], side)
    gib = large.stat().st_size / 2**30
    seconds, peak = predicted(run, large, folder / "map.tif")
    rows = [["from the beginning", f"{seconds:.0f}", f"{side * side / seconds / 1e6:.1f}", f"{peak:,.0f}"]]
    killed, _ = predicted(run, large, folder / "again.tif", _SHOWN)
    seconds, peak = predicted(run, large, folder / "again.tif")
    rows.append([f"killed after {killed:.0f} s, and begun again", f"{seconds:.0f}", "", f"{peak:,.0f}"])
    print_table(f"{side:,} x {side:,} x 4, {gib:.2f} GiB", ["job", "s", "megapixels/s", "peak MiB"], rows)
    with rasterio.open(folder / "map.tif") as one, rasterio.open(folder / "again.tif") as other:
        right = same = 0
        truth = np.tile(pattern[1], (1, -(-side // _PATTERN)))[:, :side]
        for top in range(0, side, _PATTERN):
            rows_here = min(_PATTERN, side - top)
            window = Window(0, top, side, rows_here)
            found = one.read(1, window=window)
            same += int((found == other.read(1, window=window)).sum())
            right += int((found == truth[:rows_here]).sum())
        size = (folder / "map.tif").stat().st_size / 2**20
    print(
        f"\n{right / side**2:.1%} of the pixels are right; both maps agree in {same:,} of {side**2:,}; {size:.0f} MiB"
    )


def seams(folder: Path, minutes: float) -> None:
    """Print the table of seams."""
    some = data(folder, {"train": 12, "val": 2, "test": 1}, 640)
    run = convsight.train(
        some, run=str(folder / "unet"), net="unet-s", tile=256, minutes=minutes, quiet=True, mirror=False, export=False
    )
    card = run.card
    engine = graph_engine(task_of("segmentation").graph(load_network(run.model_file), card), None, "unet-s")
    pixels = np.moveaxis(drawn(1024, 7)[0], 0, -1)
    whole = engine.run(pixels[None])["probabilities"][0]
    rows = []
    assert isinstance(card.input, ImageInput)
    for overlap in (0, 16, 32, 64, 128):
        spec = card.input.model_copy(update={"overlap": overlap})
        rows.append([str(overlap), *_seam(engine, spec, pixels, whole)])
    heads = ["overlap px", "at borders of tiles", "elsewhere", "ratio", "from the whole, mean", "largest"]
    print_table("Differences of neighbouring probabilities, U-Net, tiles of 256 px", heads, rows)


def _seam(engine: Engine, spec: ImageInput, pixels: np.ndarray, whole: np.ndarray) -> list[str]:
    """The cells of a row."""
    picture = HeldRows(pixels, (pixels.shape[1], pixels.shape[0]))
    tiles = Tiles(spec, picture.size)
    found = np.concatenate([s.values for s in blended_strips(engine, "probabilities", picture, tiles)], axis=1)
    steps = np.abs(np.diff(found, axis=2)).mean(axis=(0, 1))  # between a column and the next
    places = [start - 1 + spec.overlap // 2 for start in tiles.across.starts[1:]]  # where the shares are even
    there = np.zeros(len(steps), bool)
    there[places] = True
    own = np.abs(np.diff(whole, axis=2)).mean(axis=(0, 1))
    at, elsewhere = steps[there].mean() - own[there].mean(), steps[~there].mean()
    far = np.abs(found - whole)
    return [
        f"{steps[there].mean():.5f}",
        f"{elsewhere:.5f}",
        f"{1 + at / elsewhere:.3f}",
        f"{far.mean():.6f}",
        f"{far.max():.4f}",
    ]


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["memory", "seams"], default=["memory", "seams"])
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=3.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if "memory" in arguments.parts:
            memory(Path(name), arguments.side)
        if "seams" in arguments.parts:
            seams(Path(name), arguments.minutes)
    print(f"\n{versions('convsight', 'numpy', 'torch', 'openvino', 'rasterio')}")


if __name__ == "__main__":
    main()
