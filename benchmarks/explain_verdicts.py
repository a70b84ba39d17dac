"""How often verdicts are right: useless maps are never faithful, Grad-CAM on photos is; a part of `explain.py`.

Areas are measured once for each photo: of Grad-CAM, of the two references that are of the photo alone, and of several
maps of each kind that must not be believed. A try draws photos, and one map of that kind for each.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from measuring import print_table
from numpy.typing import NDArray

from convsight.explain.evidence.judged_picture import JudgedPicture
from convsight.explain.evidence.references import BLOB, EDGES, OTHER, edges
from convsight.explain.evidence.verdict import LEAST_PICTURES, Verdict, judge
from convsight.explain.explain import ExplainedModel, load_explained
from convsight.explain.method import MethodOptions, make_method
from convsight.images import IMAGE_SUFFIXES
from convsight.progress import Terminal
from convsight.runtime.find_network import NetworkName

KINDS = ("random numbers", "edge detector", "another picture", "another class")

Floats = NDArray[np.float64]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("photos", type=Path, nargs="+", help="folders of photos")
    parser.add_argument("--net", default="imagenet", help="a trained network, as `convsight explain` takes it")
    parser.add_argument("--weights", help="its weights, if it is a library's")
    parser.add_argument("--method", default="gradcam")
    parser.add_argument("--most", type=int, default=200, help="photos at most, by chance")
    parser.add_argument("--variants", type=int, default=3, help="maps of each kind for a photo")
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=LEAST_PICTURES)


def run(arguments: argparse.Namespace) -> None:
    """Print verdicts by kind of map, and mean E."""
    files = sorted(
        file for folder in arguments.photos for file in folder.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES
    )
    generator = np.random.default_rng(0)
    files = [files[int(place)] for place in generator.permutation(len(files))[: arguments.most]]
    network = load_explained(NetworkName(arguments.net, weights=arguments.weights))
    measured = measure(network, files, arguments.method, arguments.variants)
    method, references, kinds = measured["method"], measured["references"], measured["kinds"]
    e = {
        arguments.method: method[:, 0],
        BLOB: references[:, 0],
        EDGES: references[:, 1],
        **{kind: kinds[:, place].mean(axis=1) for place, kind in enumerate(KINDS)},
    }
    print_table(
        f"Mean E on {len(files)} photos, {int((~np.isnan(method[:, 0])).sum())} of them defined",
        list(e),
        [[f"{np.nanmean(values):.3f}" for values in e.values()]],
    )
    rows = []
    for place, kind in [(None, arguments.method), *enumerate(KINDS)]:
        tries = arguments.draws if place is None else arguments.tries
        found = Counter(
            verdict_of(method, references, None if place is None else kinds[:, place], arguments.pictures, generator)
            for _ in range(tries)
        )
        rows.append([kind, str(tries), *(str(found[verdict]) for verdict in Verdict)])
    print_table(
        f"Verdicts on draws of {arguments.pictures} photos", ["map", "tries", *(str(each) for each in Verdict)], rows
    )


def verdict_of(
    method: Floats, references: Floats, kind: Floats | None, pictures: int, generator: np.random.Generator
) -> Verdict:
    """The verdict on a draw of photos: on the method, or on the maps of `kind` (photos, variants)."""
    drawn = generator.permutation(len(method))[:pictures]
    e = method[drawn, 0] if kind is None else kind[drawn, generator.integers(kind.shape[1], size=len(drawn))]
    beside = {OTHER: method[drawn, 1], BLOB: references[drawn, 0], EDGES: references[drawn, 1]}
    return judge(e, beside).verdict


def measure(network: ExplainedModel, files: list[Path], name: str, variants: int) -> dict[str, Floats]:
    """E by photo: of the method and its map of another (photos, 2), of references (photos, 2), of each kind."""
    made = make_method(name, MethodOptions())
    maps = [made.importance(network.subject(file)) for file in files]
    method, references = np.full((len(files), 2), np.nan), np.full((len(files), 2), np.nan)
    kinds = np.full((len(files), len(KINDS), variants), np.nan)
    with Terminal().counting("photos", len(files)) as advance:
        for place, file in enumerate(files):
            subject = network.subject(file)
            judged = JudgedPicture(subject)
            if judged.blurred.is_defined:
                method[place] = [judged.e(maps[place]), judged.e(maps[place - 1])]
                references[place] = [judged.chance[BLOB], judged.chance[EDGES]]
                generator = np.random.default_rng(place)
                for variant in range(variants):
                    other = maps[(place + int(generator.integers(1, len(maps)))) % len(maps)]
                    wrong = made.importance(
                        network.subject(file, another_class(network, subject.question.words, generator))
                    )
                    drawn = generator.normal(size=judged.cells.grid)
                    kinds[place, :, variant] = [judged.e(each) for each in (drawn, edges(subject), other, wrong)]
            advance(1)
    return {"method": method, "references": references, "kinds": kinds}


def another_class(network: ExplainedModel, asked: str, generator: np.random.Generator) -> str:
    """A class by chance that is not the one that was asked about."""
    names = [name for name in network.model.classes if name != asked]
    return names[int(generator.integers(len(names)))]
