"""What an installation takes on disk: the light half of this checkout, and other tools.

    python benchmarks/installed_size.py [MODEL PICTURE]

The light half is installed with pip in a fresh environment, which is then measured as a whole. If MODEL (a
`model.onnx`) and PICTURE are given, that environment answers the image. Of the other tools, and of ours beside them,
the packages are counted that pip installs for them, by the files that each lists: PyTorch, which all of them need,
brings NVIDIA's libraries on Linux unless one asks for another build, so both sums are shown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from measuring import HERE, peer_packages, print_table, versions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PARTS = ("src", "pyproject.toml", "README.md", "LICENSE")
_GPU = ("nvidia-", "cuda-", "triton")
_LARGEST = 10
# What a tool needs to answer an image, and the folder of its own packages where it has one.
_PEERS = {
    "torchvision": (["torchvision"], None),
    "timm": (["timm"], None),
    "transformers, for its pipeline": (["transformers", "torch", "torchvision", "pillow"], "transformers"),
    "Ultralytics": (["ultralytics"], "ultralytics"),
}
Sizes = dict[str, tuple[int, int]]  # package -> bytes in files, bytes on disk


def main() -> None:
    """Install, measure, try, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("picture", type=Path, nargs="?")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = install(Path(name))
        whole = disk_usage(home)
        light = sizes(["convsight"], [packages_of(home)])
        tried = [try_out(home, "--help")]
        if arguments.model and arguments.image:
            tried.append(try_out(home, "predict", str(arguments.model), str(arguments.image)))
    rows = [["whole environment, with pip", *(megabytes(value) for value in whole)]]
    largest = sorted(light.items(), key=lambda item: -item[1][1])[:_LARGEST]
    rows += [[package, *(megabytes(value) for value in size)] for package, size in largest]
    print_table("convsight's light half, MB", ["what", "in files", "on disk"], rows)
    print(f"\ntorch is {'' if 'torch' in light else 'not '}among its {len(light)} packages")
    for words in tried:
        print(words)
    rows = [["convsight, light half", *row(light)]]
    for peer, (wanted, folder) in _PEERS.items():
        places = [*([peer_packages(folder)] if folder else []), packages_of(Path(sys.prefix))]
        rows.append([peer, *row(sizes(wanted, places))])
    columns = ["what pip installs for", "packages", "MB on disk", "without NVIDIA's libraries and Triton"]
    print_table("Beside other tools", columns, rows)
    print("\n" + versions("convsight", "openvino", "torch"))


def install(folder: Path) -> Path:
    """A fresh environment with the light half, installed from a copy so that nothing old is packed with it."""
    copy, home = folder / "checkout", folder / "environment"
    copy.mkdir()
    for part in _PARTS:
        source = HERE.parent / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
        else:
            shutil.copy2(source, copy / part)
    venv.create(home, with_pip=True)
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", str(copy)]
    subprocess.run(command, check=True, env=clean(), stdout=sys.stderr)
    return home


def clean() -> dict[str, str]:
    """Our environment without `PYTHONPATH`, which would show one environment the packages of another."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def disk_usage(folder: Path) -> tuple[int, int]:
    """Bytes in the files below `folder`, and bytes that they take on disk, as `du` counts them."""
    found = []
    for option in (["--apparent-size"], []):
        command = ["du", "-s", "--block-size=1", *option, str(folder)]
        found.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]))
    return found[0], found[1]


def packages_of(home: Path) -> Path:
    """The folder of an environment's packages."""
    return next(home.glob("lib/python*/site-packages"), home / "Lib" / "site-packages")


def sizes(wanted: Iterable[str], places: list[Path]) -> Sizes:
    """What `wanted` and everything that they need take, of the packages in `places`."""
    installed: dict[str, Distribution] = {}
    for found in distributions(path=[str(place) for place in places]):
        installed.setdefault(canonicalize_name(found.metadata["Name"]), found)
    waiting = [Requirement(name) for name in wanted]
    seen: set[tuple[str, str]] = set()
    taken: Sizes = {}
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        for extra in {"", *need.extras}:
            if name in installed and (name, extra) not in seen:
                seen.add((name, extra))
                taken.setdefault(name, size_of(installed[name]))
                needs = map(Requirement, installed[name].requires or ())
                waiting += [one for one in needs if not one.marker or one.marker.evaluate({"extra": extra})]
    return taken


def size_of(package: Distribution) -> tuple[int, int]:
    """Bytes in the files that a package lists, and bytes that they take on disk."""
    paths = [Path(str(package.locate_file(file))) for file in package.files or ()]
    states = [path.stat() for path in paths if path.is_file()]
    return sum(state.st_size for state in states), sum(512 * state.st_blocks for state in states)


def row(found: Sizes) -> list[str]:
    """How many packages, how large, and how large without what is for GPUs."""
    light = [size[1] for name, size in found.items() if not name.startswith(_GPU)]
    return [str(len(found)), megabytes(sum(size[1] for size in found.values())), megabytes(sum(light))]


def megabytes(count: int) -> str:
    """Bytes as MB."""
    return f"{count / 1e6:,.0f}"


def try_out(home: Path, *arguments: str) -> str:
    """What `convsight` says in the fresh environment."""
    command = [str(home / "bin" / "convsight"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=clean(), check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    said = lines[0 if done.returncode == 0 else -1] if lines else ""
    return f"convsight {arguments[0]}: exit code {done.returncode}, {len(lines)} lines: {said}"


if __name__ == "__main__":
    main()
