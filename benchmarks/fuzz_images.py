"""Mutated image files through the one path that reads them: no crash, no hang, no growth.

    python benchmarks/fuzz_images.py [--count 100000] [--seed 0]

Small images of every format and of many modes are changed (bits turned, bytes removed, repeated or replaced by
extreme values, two files crossed) and read as the server reads an upload. Each must become pixels of the right shape
or a `ImageError`. A child process does the work, so that even a crash of a C library would be seen and counted.
Growth is that of the memory held, from the first half of the inputs to the end. The exit code is 1 after a crash, a
hang, an error of another kind, a wrong shape, or growth by more than 8 MiB; Linux only.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter

import numpy as np
from measuring import MAX_GROWN_MIB, RETURNING_MEMORY, grown, machine, print_table, resident_mib, versions
from PIL import Image

from convsight.images import ImageError, InputSize, load_image

TARGET = InputSize(32, 32)
SLOW_S = 2.0  # a small image that takes longer counts as a hang
WRONG = ("another error", "hang", "wrong shape")
FORMATS = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "GIF": ("P", "L"),
    "BMP": ("RGB", "L", "P"),
    "TIFF": ("RGB", "RGBA", "L", "CMYK", "I;16", "F", "1"),
    "WEBP": ("RGB", "RGBA"),
}


def main() -> None:
    """Fuzz in a child, start it again after a crash, and print what became of all inputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", type=int, dest="start", default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.start is not None:
        work(arguments.start, arguments.count, arguments.seed)
        return
    done, crashes, total, began = 0, 0, Counter[str](), time.monotonic()
    growth: list[float] = []
    while done < arguments.count:
        options = ["--from", str(done), "--count", str(arguments.count), "--seed", str(arguments.seed)]
        command, environment = [sys.executable, __file__, *options], os.environ | RETURNING_MEMORY
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
        lines = [json.loads(line) for line in child.stdout.splitlines()]
        for line in lines:
            total.update(line["outcomes"])
        growth.append(grown([line["mib"] for line in lines]) if lines else 0.0)
        done = lines[-1]["done"] if lines else done + 1
        if child.returncode:
            crashes += 1
            done += 1
    rows = [[name, f"{count:,}"] for name, count in total.most_common()]
    rows += [["crashes", str(crashes)]]
    rows += [[f"growth in the second half, MiB (at most {MAX_GROWN_MIB:g})", f"{max(growth):.1f}"]]
    print_table(f"{done:,} mutated images in {time.monotonic() - began:.0f} s", ["outcome", "inputs"], rows)
    print(f"\n{machine()}\n{versions('convsight', 'pillow')}; seed {arguments.seed}")
    sys.exit(1 if crashes or any(total[kind] for kind in WRONG) or max(growth) > MAX_GROWN_MIB else 0)


def work(start: int, count: int, seed: int) -> None:
    """Read mutated images `start` to `count`, and tell every thousand what became of them."""
    originals = seeds()
    outcomes = Counter[str]()
    for number in range(start, count):
        random = np.random.default_rng((seed, number))
        outcomes[outcome(mutated(originals, random))] += 1
        if (number + 1) % 1000 == 0 or number + 1 == count:
            print(json.dumps({"done": number + 1, "outcomes": outcomes, "mib": resident_mib(os.getpid())}), flush=True)
            outcomes.clear()


def outcome(content: bytes) -> str:
    """What reading `content` ends in."""
    began = time.monotonic()
    try:
        fitted = load_image(content, TARGET, max_megapixels=4)
    except ImageError:
        kind = "refused with a reason"
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        kind = "another error"
    else:
        kind = "read" if fitted.pixels.shape == (32, 32, 3) and fitted.pixels.dtype == np.uint8 else "wrong shape"
    return "hang" if time.monotonic() - began > SLOW_S else kind


def seeds() -> list[bytes]:
    """Small images of every format and many modes, with EXIF and without."""
    random, found = np.random.default_rng(0), []
    scene = Image.fromarray(random.integers(0, 256, (6, 7, 3), np.uint8)).resize((41, 29))
    for kind, modes in FORMATS.items():
        for mode in modes:
            image = scene.convert("L").convert("I;16") if mode == "I;16" else scene.convert(mode)
            stream = io.BytesIO()
            image.save(stream, kind)
            found.append(stream.getvalue())
    turned, stream = Image.Exif(), io.BytesIO()
    turned[0x0112] = 6
    scene.save(stream, "JPEG", exif=turned, progressive=True)
    return [*found, stream.getvalue()]


def mutated(originals: list[bytes], random: np.random.Generator) -> bytes:
    """One of the originals with one to eight faults, or cut, or crossed with another."""
    content = bytearray(originals[random.integers(len(originals))])
    for _ in range(random.integers(1, 9)):
        place = int(random.integers(len(content)))
        match int(random.integers(6)):
            case 0:
                content[place] ^= 1 << int(random.integers(8))
            case 1:
                content[place] = (0, 255, 127, 128)[int(random.integers(4))]
            case 2:
                del content[place : place + int(random.integers(1, 16))]
            case 3:
                content[place:place] = content[place : place + int(random.integers(1, 32))]
            case 4:
                content[place : place + 4] = int(random.integers(2**32)).to_bytes(4, "big")
            case _:
                other = originals[random.integers(len(originals))]
                if random.random() < 0.2:
                    content[place:] = other[int(random.integers(len(other))) :]
        if not content:
            return b""
    return bytes(content[: int(random.integers(len(content) + 1))] if random.random() < 0.1 else content)


if __name__ == "__main__":
    main()
