"""From the shell to the first answer: seconds of a whole process that answers one photo, beside other tools.

    python benchmarks/cold_start.py COCO_FOLDER [--repeats 9] [--nets resnet50 ...] [--only PART ...]

Every command runs once unmeasured, so that files lie in memory and, for convsight, the compiled network in its cache;
"no cache" is convsight with CONVSIGHT_CACHE=0. Then all run in turn, `repeats` times. Weights are random. timm reads in
the process itself here, since starting workers for one image would only cost it time.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import predicting
from measuring import HERE, print_table, spread, versions
from photos import make_photos
from predicting import Contender, Failed, Workshop, made, missing

PACKAGES = ("convsight", "openvino", "torch", "torchvision", "timm")
NO_CACHE = "convsight predict, no cache"


def main() -> None:
    """Measure every network and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--nets", nargs="+", default=["resnet50", "mobilenet_v3_large"])
    parser.add_argument("--only", nargs="+", default=[], help="parts of the names of the contenders")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = make_photos(arguments.data / "images", folder / "all", 64)  # the export is proven on them
        make_photos(arguments.data / "images", folder / "one", 1)
        for net in arguments.nets:
            measure(Workshop(net, folder / net, photos), folder / "one", arguments.repeats, arguments.only)
    peers = " ".join(
        (HERE / "peers" / f"{peer}.txt").read_text().split()[0] for peer in ("transformers", "ultralytics")
    )
    print("\n" + versions(*PACKAGES) + "; peers: " + peers)


def measure(shop: Workshop, one: Path, repeats: int, only: Sequence[str]) -> None:
    """Run all contenders for one network in turn, and print a table."""
    ours: dict[str, Callable[[], Contender]] = {
        "convsight predict": lambda: predicting.convsight(shop, "convsight predict", shop.model()),
        NO_CACHE: lambda: predicting.convsight(shop, NO_CACHE, shop.model(), {"CONVSIGHT_CACHE": "0"}),
    }
    contenders = made({**ours, **predicting.peers(shop, batches=(1,), workers=0)}, only)
    working = {contender.name: contender for contender in contenders if seconds(contender, one) is not None}
    found: dict[str, list[float]] = {name: [] for name in working}
    for _ in range(repeats):
        for name, contender in working.items():
            measured = seconds(contender, one)
            found[name].append(float("inf") if measured is None else measured)
    rivals = [found[name] for name, contender in working.items() if not contender.ours]
    fastest = [min(at_once) for at_once in zip(*rivals, strict=True)]
    rows = []
    for contender in contenders:
        name = contender.name
        if name not in working:
            rows.append([name, "fails", ""])
            continue
        beside = [best / mine for best, mine in zip(fastest, found[name], strict=True)] if contender.ours else []
        rows.append([name, spread(found[name], 2), spread(beside, 2) if beside else ""])
    columns = ["who", "seconds to one prediction", "times as fast as the best peer of the repeat"]
    print_table(f"{shop.net}: one photo, whole process", columns, rows)
    if rivals:
        names = [name for name, contender in working.items() if not contender.ours]
        print(f"\nbest peer by median: {min(names, key=lambda name: statistics.median(found[name]))}")
    for note in missing(shop.net):
        print(f"\n{note}")


def seconds(contender: Contender, one: Path) -> float | None:
    """Seconds of one run, or None where it fails."""
    try:
        return contender.seconds(one)
    except Failed as reason:
        print(f"{contender.name} fails: {reason}", file=sys.stderr)
        return None


if __name__ == "__main__":
    main()
