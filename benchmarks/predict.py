"""Images a second of `convsight predict` on a folder of JPEG photos, beside other tools and beside its own parts.

    python benchmarks/predict.py COCO_FOLDER [--pictures 1000] [--repeats 3] [--nets resnet50 ...] [--only PART ...]

The photos, 500 x 375 px, are cut from those in COCO_FOLDER/images. Every number is that of whole fresh processes, one
after the other within each repeat. "whole" counts everything from the start of the process, "steady" what images
beyond the first few cost: (all - few) / (seconds for all - seconds for few). Ratios are of the same repeat. Weights are
random: predictions are not judged here, least of all those in int8. The float32 of convsight is the same graph without
the proof that bfloat16 answers alike.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import predicting
from measuring import HERE, print_table, spread, versions
from photos import make_photos
from predicting import Contender, Failed, Workshop, made, missing

import convsight

FEW = 32  # images of the process that is subtracted: a whole batch for everyone
PACKAGES = ("convsight", "openvino", "torch", "torchvision", "timm", "pillow")
_NOTICEABLE = 1.2  # times the seconds of the few that all must take
Rates = dict[str, list[tuple[float, float]]]  # contender -> whole and steady images a second of every repeat


def main() -> None:
    """Measure every network and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--nets", nargs="+", default=["resnet50", "mobilenet_v3_large"])
    parser.add_argument("--only", nargs="+", default=[], help="parts of the names of the contenders")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = make_photos(arguments.data / "images", folder / "all", arguments.images)
        (folder / "few").mkdir()
        for photo in photos[: min(FEW, arguments.images // 2)]:
            os.link(photo, folder / "few" / photo.name)
        for net in arguments.nets:
            measure(Workshop(net, folder / net, photos), folder, arguments.repeats, arguments.only)
    peers = " ".join(
        (HERE / "peers" / f"{peer}.txt").read_text().split()[0] for peer in ("transformers", "ultralytics")
    )
    print("\n" + versions(*PACKAGES) + "; peers: " + peers)


def measure(shop: Workshop, folder: Path, repeats: int, only: Sequence[str]) -> None:
    """Run all contenders and limits for one network in turn, and print two tables."""
    ours: dict[str, Callable[[], Contender]] = {
        "convsight predict": lambda: predicting.convsight(shop, "convsight predict", shop.model()),
        "convsight predict, float32": lambda: predicting.convsight(
            shop, "convsight predict, float32", shop.float32_model()
        ),
        "convsight predict, int8": lambda: predicting.convsight(shop, "convsight predict, int8", shop.int8_model()),
    }
    contenders = made({**ours, **predicting.peers(shop, batches=(1, 8), workers=2)}, only)
    models = {contender.name: contender.command[4] for contender in contenders if contender.ours}
    rates: Rates = {contender.name: [] for contender in contenders}
    limits: dict[str, list[float]] = {}
    for number in range(repeats):
        for contender in contenders:
            if len(rates[contender.name]) == number:  # it has not failed before
                measure_once(contender, folder, rates[contender.name])
        for name, model in models.items():
            limits.setdefault(name, []).append(limit("engine", model, folder / "all", shop))
        if models:
            limits.setdefault("decode", []).append(limit("decode", next(iter(models.values())), folder / "all", shop))
    show(shop, rates, limits, models, len(list((folder / "all").iterdir())))


def measure_once(contender: Contender, folder: Path, rates: list[tuple[float, float]]) -> None:
    """Add whole and steady images a second of one more repeat; nothing where it fails."""
    try:
        few, everything = contender.seconds(folder / "few"), contender.seconds(folder / "all")
    except Failed as reason:
        print(f"{contender.name} fails: {reason}", file=sys.stderr)
        return
    first, images = len(list((folder / "few").iterdir())), len(list((folder / "all").iterdir()))
    # On a noisy machine a few more images may take no longer: then there is no steady rate to tell.
    steady = (images - first) / (everything - few) if everything > few * _NOTICEABLE else math.nan
    rates.append((images / everything, steady))
    print(f"{contender.name}: {few:.2f} s for {first}, {everything:.2f} s for {images}", file=sys.stderr)


def limit(what: str, model: str, folder: Path, shop: Workshop) -> float:
    """Images a second of a part of `convsight predict`."""
    command = [sys.executable, str(HERE / "peers" / "limits.py"), what, model, str(folder)]
    environment = {**os.environ, **shop.ours}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def show(shop: Workshop, rates: Rates, limits: dict[str, list[float]], models: dict[str, str], images: int) -> None:
    """Print what was measured for one network, and the ratios."""
    rows = [
        [name, format_of(models[name]) if name in models else "float32", *columns(measured)]
        for name, measured in rates.items()
    ]
    for name, measured in limits.items():
        part = "decode and fit alone, 2 threads" if name == "decode" else f"engine alone, as {name}"
        rows.append([part, format_of(models[name]) if name in models else "", "", spread(measured)])
    columns_named = ["who", "computed in", "images/s, whole process", "images/s, steady"]
    print_table(f"{shop.net}: {images:,} photos of 500 x 375 px", columns_named, rows)
    print_table(
        f"{shop.net}: ratios within a repeat", ["convsight", "beside", "whole", "steady"], ratios(rates, limits)
    )
    for note in missing(shop.net):
        print(f"\n{note}")


def format_of(model: str) -> str:
    """Engine and number format that convsight chooses for a model file."""
    engine = convsight.load(model).engine
    return f"{engine.precision} ({engine.name})"


def columns(measured: Sequence[tuple[float, float]]) -> list[str]:
    """Whole and steady, with their spread."""
    return [in_words([pair[place] for pair in measured]) if measured else "fails" for place in (0, 1)]


def in_words(values: Sequence[float], digits: int = 1) -> str:
    """Median and range of those that could be measured."""
    known = [value for value in values if not math.isnan(value)]
    return spread(known, digits) if known else "too few images to tell"


def ratios(rates: Rates, limits: dict[str, list[float]]) -> list[list[str]]:
    """Each of our ways beside its engine alone, the decoding alone, and whichever peer was best."""
    rows = []
    peers = {name: found for name, found in rates.items() if name not in limits and found}
    for name, found in rates.items():
        if name not in limits or not found:
            continue
        for label, other in ((f"engine alone, as {name}", limits[name]), ("decode and fit alone", limits["decode"])):
            steady = [mine[1] / one for mine, one in zip(found, other, strict=False)]
            rows.append([name, label, "", in_words(steady, 2)])
        if peers:
            cells = [in_words(beside_best(found, peers, place), 2) for place in (0, 1)]
            rows.append([name, f"best peer ({best(peers, 0)}; {best(peers, 1)})", *cells])
    return rows


def beside_best(found: Sequence[tuple[float, float]], peers: Rates, place: int) -> list[float]:
    """In each repeat, our rate by that of the peer that was fastest in it."""
    ratios = []
    for number, mine in enumerate(found):
        at_once = [rates[number][place] for rates in peers.values() if number < len(rates)]
        ratios.append(mine[place] / max((rate for rate in at_once if not math.isnan(rate)), default=math.nan))
    return ratios


def best(peers: Rates, place: int) -> str:
    """The peer with the best median."""
    known = {name: [pair[place] for pair in found if not math.isnan(pair[place])] for name, found in peers.items()}
    return max(known, key=lambda name: statistics.median(known[name] or [0.0]))


if __name__ == "__main__":
    main()
