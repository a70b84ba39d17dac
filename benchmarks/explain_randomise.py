"""Which methods' maps depend on what a network has learnt; a part of `explain.py`."""

import argparse
from pathlib import Path

from measuring import print_table

from convsight.explain.explain import load_explained
from convsight.inside.randomise import SEEDS, randomised
from convsight.runtime.find_network import NetworkName


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("--net", default="imagenet")
    parser.add_argument("--weights", help="a file of weights for --net")
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--methods", default="saliency,gradient-x-input,guided-backprop,gradcam")


def run(arguments: argparse.Namespace) -> None:
    """Print what fresh weights leave of the maps of each method."""
    model = load_explained(NetworkName(arguments.net, "torch", weights=arguments.weights))
    files = sorted(each for each in arguments.photos.rglob("*") if each.suffix.lower() in {".jpg", ".png", ".webp"})
    subjects = [model.subject(file) for file in files[: arguments.pictures]]
    rows = []
    for method in arguments.methods.split(","):
        found = randomised(method.strip(), subjects, seeds=arguments.seeds)
        kinds = [each for kind in (found.ssim, found.rank) for each in (kind.untrained, kind.floor, kind.above)]
        shown = [f"{each.value:.3f} [{each.interval(', ', 3)}]" for each in kinds]
        rows.append((method, *shown, found.verdict))
    names = [f"{kind} {what}" for kind in ("SSIM", "rank") for what in ("untrained", "floor", "difference")]
    title = f"Maps of {arguments.net} beside those of {arguments.seeds} fresh networks, {len(subjects)} photos"
    print_table(title, ("method", *names, "verdict"), rows)
