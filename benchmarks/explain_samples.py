"""How long LIME and RISE take until their maps are settled, and what memory; a part of `explain.py`.

A map is settled when its rank correlation with one of many samples of the same method is .95. Peers are judged by their
own maps of many samples, since their fill and regions are their own.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from explain_equality import random_network
from measuring import peer_packages, print_table
from numpy.typing import NDArray

from convsight.explain.likeness import rank_correlation
from convsight.explain.lime import regions_of
from convsight.explain.method import MethodOptions, make_method
from convsight.explain.subject import Subject
from convsight.runtime.find_network import NetworkName

Map = NDArray[np.float64]
ENOUGH = 0.95
UNSETTLED = 1.0  # an agreement that no halves reach: as many samples as were asked for
TOP = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("photos", type=Path, help="a folder of photos: the first is explained")
    parser.add_argument("--net", default="resnet50")
    parser.add_argument("--side", type=int, default=224, help="px that the network sees")
    parser.add_argument("--model", help="a trained network to explain instead, such as imagenet")
    parser.add_argument("--truth", type=int, default=20_000, help="samples of the map that counts as right")
    parser.add_argument("--first", type=int, default=256, help="samples that are tried first; then twice as many")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--memory", type=int, nargs=2, default=(1000, 8000), help="samples whose memory is compared")
    parser.add_argument("--without-peers", action="store_true")


def run(arguments: argparse.Namespace) -> None:
    """Print what each method takes until it is settled, its memory, and the overlap of LIME's first regions."""
    sys.path.append(str(peer_packages("explain_samples")))
    files = sorted(file for file in arguments.photos.iterdir() if file.suffix != ".txt")
    with tempfile.TemporaryDirectory() as place:
        subject = asked(arguments, files, Path(place))
        makers: dict[str, Callable[[int, int], Map]] = {
            name: lambda samples, seed, name=name: ours(subject, name, samples, seed)  # type: ignore[misc]
            for name in ("lime", "rise")
        }
        if not arguments.without_peers:
            makers |= {"lime (package)": Peer(subject).lime, "rise (xaitk-saliency)": Peer(subject).rise}
        words = f"{subject.engine.words}, {subject.sides[0]} px, score {subject.score:.3g}"
        rows = [[name, *settled(make, arguments), *memory(make, arguments.memory)] for name, make in makers.items()]
        few, many = arguments.memory
        columns = ["by", "samples", "s", "rank correlation", f"MiB at {few}", f"MiB at {many}"]
        print_table(f"Samples until settled: {words}", columns, rows)
        kinds = ["lime", *(["lime (package)"] if not arguments.without_peers else [])]
        overlaps = [[kind, f"{overlap(makers[kind], subject, arguments):.2f}"] for kind in kinds]
        print_table(f"LIME's first {TOP} regions over {arguments.seeds} seeds", ["by", "mean overlap"], overlaps)


def asked(arguments: argparse.Namespace, files: list[Path], folder: Path) -> Subject:
    """The first photo, as the network sees it."""
    if arguments.model:
        from convsight.explain.explain import load_explained

        return load_explained(NetworkName(arguments.model)).subject(files[0])
    return random_network(arguments.net, files, arguments.side, folder).subject


def ours(subject: Subject, name: str, samples: int, seed: int) -> Map:
    """Our map of exactly so many samples."""
    options = MethodOptions(samples=samples, seed=seed, agreement=UNSETTLED)
    return make_method(name, options).importance(subject)


def settled(make: Callable[[int, int], Map], arguments: argparse.Namespace) -> list[str]:
    """Samples, seconds and the rank correlation at which the map is settled, in doubling steps."""
    truth = make(arguments.truth, 1000)
    samples = arguments.first
    while True:
        begun = time.perf_counter()
        found = make(samples, 0)
        took = time.perf_counter() - begun
        alike = rank_correlation(found, truth)
        if alike >= ENOUGH or 2 * samples > arguments.truth:
            return [f"{samples:,}" + ("" if alike >= ENOUGH else " are not enough"), f"{took:.1f}", f"{alike:.3f}"]
        samples *= 2


def memory(make: Callable[[int, int], Map], counts: tuple[int, int]) -> list[str]:
    """The most memory of Python's objects and arrays while so many samples are answered."""
    found = []
    for count in counts:
        tracemalloc.start()
        make(count, 0)
        found.append(f"{tracemalloc.get_traced_memory()[1] / 2**20:.1f}")
        tracemalloc.stop()
    return found


def overlap(make: Callable[[int, int], Map], subject: Subject, arguments: argparse.Namespace) -> float:
    """The mean share of the first regions that two seeds have in common, with 1,000 samples or as many as fit."""
    labels = regions_of(subject, None, None).labels
    first = []
    for seed in range(arguments.seeds):
        found = make(min(1000, arguments.truth), seed)
        values = [found[labels == label].mean() for label in range(labels.max() + 1)]
        first.append(set(np.argsort(values)[-TOP:].tolist()))
    return float(np.mean([len(one & other) / TOP for one, other in combinations(first, 2)]))


class Peer:
    """The peers' maps of a subject's score, by their own settings, with our regions for lime."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.labels = regions_of(subject, None, None).labels

    def answers(self, pictures: Any) -> Map:
        """Two columns (pictures, 2), since peers want classes: ours, and the rest."""
        scores = np.array(list(self.subject.scores_of_many(np.asarray(picture, np.uint8) for picture in pictures)))
        return np.stack([scores, 1 - scores], axis=1)

    def lime(self, samples: int, seed: int) -> Map:
        """The lime package's map."""
        from lime.lime_image import LimeImageExplainer

        explainer = LimeImageExplainer(random_state=seed, verbose=False)
        found = explainer.explain_instance(
            self.subject.array,
            self.answers,
            labels=(0,),
            top_labels=None,
            num_samples=samples,
            segmentation_fn=lambda image: self.labels,
        )
        weights = dict(found.local_exp[0])
        return np.array([weights[label] for label in range(int(self.labels.max()) + 1)])[self.labels]

    def rise(self, samples: int, seed: int) -> Map:
        """xaitk-saliency's RISE."""
        from smqtk_classifier import ClassifyImage
        from xaitk_saliency.impls.gen_image_classifier_blackbox_sal.rise import RISEStack

        peer = self

        class Answering(ClassifyImage):  # type: ignore[misc]
            def get_labels(self) -> list[str]:
                return ["it", "rest"]

            def classify_images(self, images: Any) -> Any:
                for one, rest in peer.answers(images):
                    yield {"it": one, "rest": rest}

            def get_config(self) -> dict[str, Any]:
                return {}

        found = RISEStack(samples, 7, 0.5, seed=seed, threads=2).generate(self.subject.array, Answering())
        values: Map = np.asarray(found[0], np.float64)
        return values
