"""Whether exported networks answer like the PyTorch networks they come from: every one of the catalogue.

    python benchmarks/agreement.py COCO_FOLDER [NET ...] [--shard 1/2] [--out FILE] [--seconds 600] [--seed 0]

Each network gets random weights (see `random_networks`: BatchNorm has its statistics from real photos, so that nothing
is dead and answers differ between images; the logits are as spread as those of trained networks), is exported by
`convsight.export.export.export_network`, and compared on photos as every export is. Each has a process of its own,
which ends after `--seconds`. With `--out`, what is found is appended to a file as JSON lines, and networks that stand
there are not run again. Exit code 1 if any fails. NET may be any name that `convsight train --net` takes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import HERE, print_table, spread, versions
from photos import make_photos

from convsight.export.parity_check import MIN_IMAGES
from convsight.nets.catalogue import net_names

Found = dict[str, Any]  # net, proofs, reason, seconds

# Engine, pixels, and whether in bfloat16, of each column.
_WAYS = {
    "ONNX Runtime, raw": ("onnxruntime", "raw", False),
    "OpenVINO, raw": ("openvino", "raw", False),
    "OpenVINO, fitted": ("openvino", "fitted", False),
    "OpenVINO, fitted, bfloat16": ("openvino", "fitted", True),
}


def main() -> int:
    """Export every network in turn and print one table; 1 if any export fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("nets", nargs="*", metavar="NET", help="[default: all of the catalogue but timm's]")
    parser.add_argument("--shard", default="1/1", help="2/3: the second of three parts of the list")
    parser.add_argument("--out", type=Path, help="JSON lines; a sweep that was stopped goes on after them")
    parser.add_argument("--seconds", type=float, default=600, help="the most that one network may take")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    part, parts = (int(number) for number in arguments.shard.split("/"))
    names = (arguments.nets or net_names())[part - 1 :: parts]
    known = read_found(arguments.out)
    with tempfile.TemporaryDirectory() as folder:
        make_photos(arguments.data / "images", Path(folder), MIN_IMAGES)
        for name in names:
            if name not in known:
                known[name] = run(name, Path(folder), arguments.seconds, arguments.seed)
                note(known[name], arguments.out)
    results = [known[name] for name in names]
    show(results)
    return int(any(result["reason"] for result in results))


def read_found(file: Path | None) -> dict[str, Found]:
    """What a file of JSON lines holds, by network; a last line that was cut off is passed over."""
    if file is None or not file.exists():
        return {}
    found = {}
    for line in file.read_text().splitlines():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        found[result["net"]] = result
    return found


def note(found: Found, file: Path | None) -> None:
    """Tell what was found, and append it to the file."""
    print(f"{found['net']}: {found['seconds']:.0f} s, {found['reason'] or 'holds'}", file=sys.stderr)
    if file is not None:
        with open(file, "a+b") as out:
            if out.tell() and not ends_with_newline(file):
                out.write(b"\n")  # after a line that was cut off
            out.write(json.dumps(found).encode() + b"\n")


def ends_with_newline(file: Path) -> bool:
    """Whether the last line of a file is whole."""
    return file.read_bytes().endswith(b"\n")


def run(name: str, photos: Path, seconds: float, seed: int) -> Found:
    """What a process of its own finds for one network."""
    command = [sys.executable, str(HERE / "peers" / "agree.py"), name, str(photos), str(seed)]
    paths = [str(HERE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:  # gigabytes that a process which is killed cannot remove itself
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": scratch}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return {"net": name, "proofs": [], "reason": f"not done after {seconds:g} s", "seconds": seconds}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        reason = f"its process ended with {done.returncode}: {last}"
        return {"net": name, "proofs": [], "reason": reason, "seconds": time.perf_counter() - began}
    return {"net": name, **json.loads(done.stdout.splitlines()[-1])}


def show(results: Sequence[Found]) -> None:
    """Print a row a network, a summary of each way to run them, and the reasons of those that fail."""
    rows = [[found["net"], *cells(found), f"{found['seconds']:.0f}", verdict(found)] for found in results]
    columns = ["net", *_WAYS, "seconds", "holds"]
    print_table(
        "Exported networks beside PyTorch: largest difference of any probability; same predictions", columns, rows
    )
    summary = []
    for way in _WAYS:
        proofs = [proof for proof in (proof_of(found, way) for found in results) if proof]
        if proofs:
            worst = max(proof["largest_difference"] for proof in proofs)
            agreed = spread([100 * proof["agreement"] for proof in proofs], 2)
            summary.append([way, f"{sum(proof['holds'] for proof in proofs)} of {len(proofs)}", f"{worst:.2g}", agreed])
    if summary:
        print_table("All of them", ["way", "hold", "largest difference", "same predictions, %"], summary)
    for found in results:
        if found["reason"]:
            print(f"\n{found['net']} fails: {found['reason']}")
    print("\n" + versions("convsight", "torch", "torchvision", "timm", "onnxruntime", "openvino"))


def cells(found: Found) -> list[str]:
    """For each way to run a network the largest difference, and the share of the same predictions."""
    proofs = [proof_of(found, way) for way in _WAYS]
    return [f"{one['largest_difference']:.1e}; {100 * one['agreement']:.1f} %" if one else "" for one in proofs]


def proof_of(found: Found, way: str) -> Found | None:
    """The proof of one way to run a network, or None where there is none."""
    engine, pixels, half = _WAYS[way]
    for proof in found["proofs"]:
        if (proof["engine"], proof["pixels"], proof["precision"] == "bfloat16") == (engine, pixels, half):
            return dict(proof)
    return None


def verdict(found: Found) -> str:
    """Whether the file is written, and whether bfloat16 is used."""
    if found["reason"]:
        return "fails"
    refused = [proof for proof in found["proofs"] if not proof["holds"]]
    return "yes, without bfloat16" if refused else "yes"


if __name__ == "__main__":
    sys.exit(main())
