"""Detection beside Ultralytics: what a training of given minutes reaches, how fast it trains, how fast it answers.

    python benchmarks/detection.py accuracy BCCD_FOLDER [--minutes 12] [--weights SQUEEZENET_FILE]
    python benchmarks/detection.py training BCCD_FOLDER [--repeats 3]
    python benchmarks/detection.py predict RUN COCO_FOLDER [--pictures 1000] [--repeats 3]

`accuracy` trains on BCCD from scratch (and, with --weights, after a pretrained SqueezeNet), and on the drawn shapes for
two minutes. `training` compares images a second and peak memory at one longest side and batch, epochs after the first,
each in a process of its own: the peer pads to a square, convsight keeps the data's proportions (BCCD: 320 x 240 px).
`predict` answers a folder of photos, 500 x 375 px, at 320 x 240 px, by the nano network of RUN and by that of
Ultralytics with random weights, in PyTorch and exported to OpenVINO; whole processes, and what images beyond the
first few cost.
The peer runs through its own command line alone.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measuring import print_table, spread, versions
from photos import make_photos
from ultralytics_peer import yolo, yolo_environment

FEW = 32  # images of the process that is subtracted
SIDE, BATCH = 320, 16


def main() -> None:
    """Run the part that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    accuracy = parts.add_parser("accuracy")
    accuracy.add_argument("data", type=Path)
    accuracy.add_argument("--minutes", type=float, default=12)
    accuracy.add_argument("--weights", type=Path)
    training = parts.add_parser("training")
    training.add_argument("data", type=Path)
    training.add_argument("--repeats", type=int, default=3)
    predict = parts.add_parser("predict")
    predict.add_argument("run", type=Path)
    predict.add_argument("photos", type=Path)
    predict.add_argument("--pictures", type=int, default=1000)
    predict.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        {"accuracy": accuracies, "training": trainings, "predict": predictions}[arguments.part](arguments, Path(name))
    print(f"\n{versions('convsight', 'torch', 'torchvision', 'openvino')}; peer: ultralytics 8.4.190")


def accuracies(arguments: argparse.Namespace, folder: Path) -> None:
    """Train ours to the end of the time and print what the best network reaches."""
    data, minutes = str(arguments.data), f"{arguments.minutes:g}"
    commands: dict[str, tuple[str, ...]] = {f"BCCD, yolo-n from scratch, {minutes} min": (data, "--minutes", minutes)}
    if arguments.weights:
        net = ("--net", "yolo-n+squeezenet1_0", "--weights", str(arguments.weights))
        commands[f"BCCD, yolo-n+squeezenet1_0 with ImageNet weights, {minutes} min"] = (
            data,
            "--minutes",
            minutes,
            *net,
        )
    commands["drawn shapes, yolo-n from scratch, 2 min"] = ("shapes", "--task", "detection", "--minutes", "2")
    rows = []
    for number, (what, command) in enumerate(commands.items()):
        began = time.perf_counter()
        done = ours("train", *command, "--run", str(folder / str(number)), "--format", "json")
        metrics = json.loads(done)["metrics"]
        names = ("val/AP50", "val/AP", "test/AP50", "test/AP")
        rows.append([what, *(f"{metrics[name]['value']:.3f}" for name in names), f"{time.perf_counter() - began:.0f}"])
    columns = ["training", "val AP50", "val AP", "test AP50", "test AP", "seconds, whole command"]
    print_table("What a training reaches", columns, rows)


def trainings(arguments: argparse.Namespace, folder: Path) -> None:
    """Images a second and memory of both in turn."""
    converted = as_yolo(arguments.data, folder / "yolo")
    found: dict[str, list[tuple[float, float]]] = {"convsight, yolo-n": [], "Ultralytics, YOLO11n": []}
    for number in range(arguments.repeats):
        found["convsight, yolo-n"].append(our_training(arguments.data, folder / f"ours{number}"))
        found["Ultralytics, YOLO11n"].append(their_training(converted, folder / f"theirs{number}"))
    rows = [
        [name, spread([rate for rate, _ in each]), spread([memory for _, memory in each], 0)]
        for name, each in found.items()
    ]
    rates = [ours[0] / theirs[0] for ours, theirs in zip(*found.values(), strict=True)]
    rows.append(["ratio within a repeat", spread(rates, 2), ""])
    print_table(f"Training at {SIDE} px, batches of {BATCH}", ["who", "images/s", "peak memory, MiB"], rows)


def our_training(data: Path, run: Path) -> tuple[float, float]:
    """Images a second of the epochs after the first, and peak MiB, of three epochs."""
    choices = ("--epochs", "3", "--batch", str(BATCH), "--size", str(SIDE), "--no-export")
    memory = peak_mib([*CONVSIGHT, "train", str(data), *choices, "--run", str(run)], run.parent / "ours.txt")
    rows = (run / "metrics.csv").read_text().splitlines()
    place = rows[0].split(",").index("images_per_s")
    rates = [float(row.split(",")[place]) for row in rows[2:]]
    return sum(rates) / len(rates), memory


def their_training(data: Path, run: Path) -> tuple[float, float]:
    """The same of the peer, from its results.csv, whose times hold validation too, so that is left out."""
    words = (f"data={data}", "model=yolo11n.yaml", f"imgsz={SIDE}", f"batch={BATCH}", "epochs=3", "device=cpu")
    more = ("val=False", "plots=False", "pretrained=False", f"project={run}", "name=run", "workers=0")
    memory = peak_mib(yolo("detect", "train", *words, *more), run.parent / "theirs.txt")
    rows = next(run.rglob("results.csv")).read_text().splitlines()
    times = [float(row.split(",")[1]) for row in rows[1:]]
    images = sum(1 for _ in (data.parent / "images" / "train").iterdir())
    return images * (len(times) - 1) / (times[-1] - times[0]), memory


def as_yolo(data: Path, folder: Path) -> Path:
    """`data` in the format of the peer; its data.yaml."""
    ours("convert", str(data), str(folder), "--to", "yolo")
    return folder / "data.yaml"


def predictions(arguments: argparse.Namespace, folder: Path) -> None:
    """Images a second from files to boxes, of whole processes and beyond the first few."""
    photos = make_photos(arguments.photos / "images", folder / "all", arguments.images)
    (folder / "few").mkdir()
    for photo in photos[:FEW]:
        os.link(photo, folder / "few" / photo.name)
    commands = {"convsight, yolo-n": [*CONVSIGHT, "predict", str(arguments.run), "IMAGES", "--format", "json"]}
    commands["convsight, yolo-n, float32"] = [*commands["convsight, yolo-n"], "--precision", "float32"]
    commands |= their_predictions(folder)
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(arguments.repeats):
        for name, command in commands.items():
            few, everything = (seconds(command, folder / part) for part in ("few", "all"))
            rates[name].append((len(photos) / everything, (len(photos) - FEW) / (everything - few)))
            print(f"{name}: {few:.2f} s, {everything:.2f} s", file=sys.stderr)
    rows = [[name, *(spread([pair[place] for pair in each]) for place in (0, 1))] for name, each in rates.items()]
    columns = ["who", "images/s, whole process", "images/s, steady"]
    print_table(f"{len(photos):,} photos of 500 x 375 px to boxes at {SIDE} x {SIDE * 3 // 4} px", columns, rows)
    own = rates["convsight, yolo-n"]
    ratios = [
        [name, *(spread([a[place] / b[place] for a, b in zip(own, each, strict=True)], 2) for place in (0, 1))]
        for name, each in rates.items()
        if not name.startswith("convsight")
    ]
    print_table("convsight as many times as fast within a repeat", columns, ratios)


def their_predictions(folder: Path) -> dict[str, list[str]]:
    """The peer's commands, for a network with random weights, exported for the very size that the photos get."""
    sides = f"imgsz={SIDE * 3 // 4},{SIDE}"
    run(yolo("export", "model=yolo11n.yaml", "format=openvino", sides), folder)
    words = ("source=PICTURES", sides, "save=False", "device=cpu", f"project={folder}")
    exported = next(folder.glob("*_openvino_model"))
    return {
        "Ultralytics, PyTorch": yolo("detect", "predict", "model=yolo11n.yaml", *words),
        "Ultralytics, OpenVINO": yolo("detect", "predict", f"model={exported}", *words),
    }


CONVSIGHT = [sys.executable, "-m", "convsight"]


def ours(*words: str) -> str:
    """What `convsight` prints."""
    return subprocess.run([*CONVSIGHT, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds(command: Sequence[str], images: Path) -> float:
    """Of a whole process."""
    began = time.perf_counter()
    run([word.replace("IMAGES", str(images)) for word in command], images.parent)
    return time.perf_counter() - began


def run(command: Sequence[str], folder: Path) -> None:
    """Run `command` in `folder`; its words are shown where it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment(command, folder), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-2000:]}")


def environment(command: Sequence[str], folder: Path) -> dict[str, str]:
    """That of `command`; the peer's packages are not in ours."""
    return {**os.environ, **(yolo_environment(folder / "settings") if command[0] == yolo()[0] else {})}


def peak_mib(command: Sequence[str], log: Path) -> float:
    """Run `command`; the peak resident memory of its largest process."""
    script = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
        "print('PEAK', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        cwd=log.parent,
        env=environment(command, log.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    log.write_text(done.stdout + done.stderr)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found = re.search(r"PEAK (\d+)", done.stdout)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
