"""Segmentation beside others in equal time: what a training reaches, how fast it trains, how fast it answers.

    python benchmarks/segmentation.py nuclei DSB2018_FOLDER [--minutes 5]
    python benchmarks/segmentation.py streets CAMVID_FOLDER [--minutes 10]
    python benchmarks/segmentation.py pretrained CAMVID_FOLDER [--minutes 10]
    python benchmarks/segmentation.py volumes HIPPOCAMPUS_FOLDER [--minutes 10]
    python benchmarks/segmentation.py training [--repeats 3]
    python benchmarks/segmentation.py predict [--repeats 3] [--pictures 300]

`nuclei` holds a fifth of the pictures out and begins from scratch, beside a U-Net of segmentation_models_pytorch in a
plain loop (`peers/smp_loop.py`) and fastai's `unet_learner` (`peers/fastai_unet.py`); `streets` judges on the data's
test split; `pretrained` is `streets` with the weights of EfficientNet-Lite0, which come with convsight, in both
encoders. Our time is that of the whole command, that of the peers of their steps alone. Everybody's masks are judged by
the same lines: pooled over all pictures, with intervals from resampled pictures. `training` compares images a second
and peak memory with the plain loop, as it is and in bfloat16 with channels last; `predict` whole processes from files
to masks with eager PyTorch.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from frozen_transfer import lite0_weights
from measuring import HERE, peer_packages, print_table, spread, versions
from numpy.typing import NDArray
from segmented import Pictures, camvid, drawn, judged, nuclei, write_pictures
from segmented_volumes import Masks, judged_volumes, test_volumes, written_masks

import convsight
from convsight.results import ClassMap

OURS = [sys.executable, "-m", "convsight"]
NET = "unet+resnet18"
SIDE, BATCH = 256, 8


def main() -> None:
    """Run the part that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    for part, minutes in (("nuclei", 5.0), ("streets", 10.0), ("pretrained", 10.0), ("volumes", 10.0)):
        accuracy = parts.add_parser(part)
        accuracy.add_argument("data", type=Path)
        accuracy.add_argument("--minutes", type=float, default=minutes)
        accuracy.add_argument(
            "--by-processor",
            action="store_true",
            help="give the plain loop as many seconds of the processor as our whole command took: on a shared machine",
        )
        accuracy.add_argument("--without", nargs="+", default=(), help="peers that are left out")
        accuracy.add_argument("--options", nargs="+", default=(), help="further choices of ours, as size=192")
    training = parts.add_parser("training")
    training.add_argument("--repeats", type=int, default=3)
    predict = parts.add_parser("predict")
    predict.add_argument("--repeats", type=int, default=3)
    predict.add_argument("--pictures", type=int, default=300)
    arguments = parser.parse_args()
    run = {"training": trainings, "predict": predictions, "volumes": volumes}.get(arguments.part, reached)
    with tempfile.TemporaryDirectory() as folder:
        run(arguments, Path(folder))
    print("\n" + versions("convsight", "torch", "segmentation-models-pytorch", "timm", "openvino"))


def reached(arguments: argparse.Namespace, folder: Path) -> None:
    """What everybody reaches in so many minutes on the test pictures."""
    data = nuclei(arguments.data) if arguments.part == "nuclei" else camvid(arguments.data)
    pretrained = arguments.part == "pretrained"
    seconds = 60 * arguments.minutes
    spent = processor_seconds()
    found: dict[str, list[NDArray[np.uint8]]] = {"convsight": our_masks(arguments, data, folder)}
    spent = processor_seconds() - spent
    archive = folder / "data.npz"
    data.write_arrays(archive)
    encoder = ["--encoder", "tu-tf_efficientnet_lite0", "--weights", lite0_weights()] if pretrained else []
    limit = [f"{spent:.0f}", "OUT", "--processor"] if arguments.by_processor else [str(seconds), "OUT"]
    peers: dict[str, list[str]] = {
        "segmentation_models_pytorch": ["smp_loop.py", str(archive), *limit, *encoder],
    }
    if arguments.part == "nuclei":
        peers["fastai"] = ["fastai_unet.py", str(archive), str(seconds), "OUT"]
    for name, command in peers.items():
        if name not in arguments.without:
            found[name] = their_masks(command, data, folder)
    rows = judged(data, found)
    columns = ["who", "mean IoU", "95 %", f"Dice of {data.classes[1]}", "95 %", "we are ahead in IoU by", "95 %"]
    print_table(f"{arguments.part}, {arguments.minutes:g} minutes, {len(data.test)} test pictures", columns, rows)


def volumes(arguments: argparse.Namespace, folder: Path) -> None:
    """What everybody reaches in so many minutes on the test volumes."""
    names = test_volumes(arguments.data)
    spent = processor_seconds()
    ours, equal = written_masks(our_volume_masks(arguments, names, folder), names)
    spent = processor_seconds() - spent
    found: dict[str, Masks] = {"convsight": ours}
    if "monai" not in arguments.without:
        out = folder / "monai.npz"
        limit = (
            [f"{spent:.0f}", str(out), "--processor"]
            if arguments.by_processor
            else [str(60 * arguments.minutes), str(out)]
        )
        peer("volumes", "monai_loop.py", str(arguments.data), *limit)
        with np.load(out) as archive:
            found["monai"] = dict(archive)
    rows = judged_volumes(names, found)
    classes = [f"Dice of {number + 1}" for number in range(len(rows[0]) - 5)]
    columns = ["who", "mean Dice", "95 %", *classes, "we are ahead by", "95 %"]
    print_table(f"volumes, {arguments.minutes:g} minutes, {len(names)} test volumes", columns, rows)
    print(f"\nmasks with the affine of their volume bit for bit: {equal} of {len(names)}")


def our_volume_masks(arguments: argparse.Namespace, names: Mapping[str, tuple[Path, Path]], folder: Path) -> Path:
    """The folder of masks of the test volumes after a training of ours."""
    chosen = ("--loss", "ce + dice", "--batch", "4", "--lr", "0.01", "--minutes", f"{arguments.minutes:g}")
    our_training_of(arguments.data, folder / "run", *chosen, *options_of(arguments))
    out = folder / "masks"
    images = [str(image) for image, _ in names.values()]
    predict = [*OURS, "predict", str(folder / "run"), *images, "--files", str(out), "--format", "csv"]
    subprocess.run(predict, check=True, stdout=subprocess.DEVNULL)
    return out


def our_masks(arguments: argparse.Namespace, data: Pictures, folder: Path) -> list[NDArray[np.uint8]]:
    """The masks of the test pictures after a training of ours."""
    write_pictures(data, folder / "pictures")
    weights = ("--weights", "imagenet" if arguments.part == "pretrained" else "none")
    minutes = ("--minutes", f"{arguments.minutes:g}")
    our_training_of(folder / "pictures", folder / "run", *minutes, *weights, *options_of(arguments))
    model = convsight.load(folder / "run")
    found = [model.predict(image) for image, _ in data.test]
    return [each.indices.astype(np.uint8) for each in found if isinstance(each, ClassMap)]


def our_training_of(data: Path, run: Path, *options: str) -> None:
    """Train on `data` and tell what that took."""
    began, spent = time.perf_counter(), processor_seconds()
    train = [*OURS, "train", str(data), "--run", str(run), *options, "--no-export"]
    subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
    spent = processor_seconds() - spent
    print(f"convsight: {time.perf_counter() - began:.0f} s, {spent:.0f} of the processor", file=sys.stderr, flush=True)


def options_of(arguments: argparse.Namespace) -> list[str]:
    """Further choices of ours as words of the command."""
    return [word for each in arguments.options for word in ("--" + each.replace("=", " ", 1)).split(" ", 1)]


def processor_seconds() -> float:
    """What all processes that were waited for have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def their_masks(command: list[str], data: Pictures, folder: Path) -> list[NDArray[np.uint8]]:
    """The masks of the test pictures by a script of `peers/`, at their own size again."""
    out = folder / "found.npy"
    peer("loops", *(str(out) if word == "OUT" else word for word in command))
    return data.own_sizes(np.load(out))


def peer(packages: str, script: str, *words: str) -> None:
    """Run a script of `peers/` with packages of its own beside ours, and tell what it took."""
    path = {"PYTHONPATH": os.pathsep.join([str(peer_packages(packages)), os.environ.get("PYTHONPATH", "")])}
    spent = processor_seconds()
    done = subprocess.run(
        [sys.executable, str(HERE / "peers" / script), *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | path,
    )
    spent = processor_seconds() - spent
    print(f"{script}: {done.stdout.splitlines()[-1]}, {spent:.0f} s of the processor", file=sys.stderr, flush=True)


def trainings(arguments: argparse.Namespace, folder: Path) -> None:
    """Images a second and peak memory of U-Nets after ResNet-18, in turn."""
    draws = np.random.default_rng(0)
    inputs = draws.integers(0, 256, (96, SIDE, SIDE, 3), np.uint8)
    masks = np.repeat(np.repeat(draws.integers(0, 2, (96, 8, 8), np.uint8), 32, 1), 32, 2)
    archive, ours = folder / "theirs.npz", folder / "ours.npz"
    np.savez(archive, train_images=inputs, train_masks=masks, test_images=inputs[:1], classes=np.array(2))
    about = json.dumps({"task": "segmentation", "target": {"kind": "palette", "names": ["ground", "thing"]}})
    np.savez(
        ours,
        about=np.array(about),
        train_inputs=inputs,
        train_targets=masks,
        val_inputs=inputs[:8],
        val_targets=masks[:8],
    )
    peer = [sys.executable, str(HERE / "peers" / "smp_loop.py"), str(archive), "40", str(folder / "out.npy")]
    found: dict[str, list[tuple[float, float]]] = {"convsight": [], "plain loop": [], "plain loop, bfloat16": []}
    for number in range(arguments.repeats):
        found["convsight"].append(our_training(ours, folder / f"run{number}"))
        found["plain loop"].append(their_training(peer))
        found["plain loop, bfloat16"].append(their_training([*peer, "--bfloat16"]))
    rows = [[name, spread([r for r, _ in each], 1), spread([m for _, m in each], 0)] for name, each in found.items()]
    for name in list(found)[1:]:
        ratios = [a[0] / b[0] for a, b in zip(found["convsight"], found[name], strict=True)]
        rows.append([f"times as fast as the {name}", spread(ratios, 2), ""])
    print_table(f"{NET} at {SIDE} px, batches of {BATCH}", ["who", "images/s", "peak memory, MiB"], rows)


def our_training(data: Path, run: Path) -> tuple[float, float]:
    """Images a second of the epochs after the first, of three, and peak MiB."""
    choices = ["--epochs", "3", "--batch", str(BATCH), "--net", NET, "--no-export", "--no-grow"]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *OURS, "train", str(data), *choices, "--run", str(run)],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
    rates = [float(row[rows[0].index("images_per_s")]) for row in rows[2:]]
    memory = re.search(r"PEAK (\d+)", done.stdout)
    assert memory is not None
    return sum(rates) / len(rates), int(memory[1]) / 1024


_PEAK = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
    "print('PEAK', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def their_training(command: list[str]) -> tuple[float, float]:
    """Images a second and peak MiB of the plain loop."""
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found["images"] / float(command[3]), found["peak_mib"]


def predictions(arguments: argparse.Namespace, folder: Path) -> None:
    """Images a second from files to masks, whole processes, by the same network with random weights."""
    data = drawn(arguments.pictures, SIDE)
    write_pictures(data, folder / "pictures")
    subprocess.run(
        [*OURS, "train", str(folder / "pictures"), "--net", NET, "--weights", "none", "--epochs", "1", "--no-mirror",
         "--size", str(SIDE), "--run", str(folder / "run")],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    images = folder / "pictures" / "test" / "images"
    commands: dict[str, list[str]] = {
        "convsight": [*OURS, "predict", str(folder / "run"), str(images), "--format", "json"],
        "eager PyTorch": [sys.executable, str(HERE / "peers" / "eager_masks.py"), str(folder / "run"), str(images)],
    }
    rates: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(arguments.repeats):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            rates[name].append(arguments.pictures / (time.perf_counter() - began))
    rows = [[name, spread(each)] for name, each in rates.items()]
    ratios = [mine / theirs for mine, theirs in zip(*rates.values(), strict=True)]
    print_table(f"{NET}, {arguments.pictures} files of {SIDE} px to masks", ["who", "pictures/s"], [
        *rows, ["ratio within a repeat", spread(ratios, 2)]])  # fmt: skip


if __name__ == "__main__":
    main()
