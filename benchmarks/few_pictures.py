"""Five and ten pictures a class: the default beside fresh weights in as much time, and timm's loop that fine-tunes.

    python benchmarks/few_pictures.py CATS_DOGS SIGN_DIGITS [--draws 5] [--minutes 0.5] [--only DATA] [--a-class 5 10]

Of each class so many pictures are drawn to learn and choose by, with five seeds; 200 others (of CATS_DOGS those of
`val`) are the test. Ours is `convsight train` without any option but the time; "fresh" is the same with `--weights
none`; timm's loop is `peers/few_finetune.py` with the same weights, for as much time. Told are the mean accuracy and
its 95 % interval over the draws (Student's t).
"""

import argparse
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from accuracy import trained
from frozen_transfer import lite0_weights
from measuring import HERE, print_table, versions

from convsight.training.several.summary import student_interval

_MOST_TESTED = 200  # pictures


def drawn(source: Path, folder: Path, a_class: int, seed: int) -> Path:
    """A folder with `train`, so many pictures a class, `val`, as many as a fifth of them, and `test`, the others."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    has_parts = (source / "train").is_dir()
    places = sorted(each for each in source.glob("train/*" if has_parts else "*") if each.is_dir())
    for place in places:
        files = sorted(place.iterdir())
        chance.shuffle(files)
        val = max(1, a_class // 5)
        others = sorted((source / "val" / place.name).iterdir()) if has_parts else files[a_class:]
        chance.shuffle(others)
        parts = {
            "train": files[: a_class - val],
            "val": files[a_class - val : a_class],
            "test": others[: _MOST_TESTED // len(places)],
        }
        for name, chosen in parts.items():
            (folder / name / place.name).mkdir(parents=True)
            for file in chosen:
                shutil.copy(file, folder / name / place.name)
    return folder


def compared(source: Path, a_class: int, draws: int, minutes: float) -> dict[str, list[float]]:
    """The accuracy on test of every way, one a draw."""
    found: dict[str, list[float]] = {"convsight": [], "fresh weights": [], "timm's loop": []}
    for seed in range(draws):
        with TemporaryDirectory() as folder:
            data = drawn(source, Path(folder) / "data", a_class, seed)
            time = ("--minutes", f"{minutes:g}", "--no-export")
            for way, options in (("convsight", ()), ("fresh weights", ("--weights", "none"))):
                metrics, _ = trained(str(data), (*time, *options))
                found[way].append(metrics["test/accuracy"]["value"])
            command = [
                sys.executable,
                str(HERE / "peers/few_finetune.py"),
                lite0_weights(),
                str(data),
                f"{60 * minutes:g}",
            ]
            found["timm's loop"].append(float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        print(source.name, a_class, {way: values[-1] for way, values in found.items()}, file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Compare on each set and number of pictures, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cats_dogs", type=Path)
    parser.add_argument("sign_digits", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--only", choices=("cats_dogs", "sign_digits"))
    parser.add_argument("--a-class", type=int, nargs="+", default=(5, 10))
    arguments = parser.parse_args()
    rows = []
    for name in ("cats_dogs", "sign_digits") if arguments.only is None else (arguments.only,):
        for a_class in arguments.a_class:
            found = compared(getattr(arguments, name), a_class, arguments.draws, arguments.minutes)
            rows.append([name, str(a_class), *(str(student_interval(values)) for values in found.values())])
            print(*rows[-1], sep="  ", flush=True)
    columns = ["data", "pictures a class", "convsight", "fresh weights", "timm's loop"]
    print_table(f"Few pictures, {arguments.draws} draws, {arguments.minutes:g} minutes each", columns, rows)
    print("\n" + versions("convsight", "torch", "torchvision", "timm"))


if __name__ == "__main__":
    main()
