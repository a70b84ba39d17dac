"""The explorer of a real server in a real Chromium: the first picture, a click's answer, and the page's memory.

    python benchmarks/explore.py runs/lecture runs/other torchvision/resnet50 --pictures photos/

For each network: from the page's address to the first picture with its answer; from a click on a cell to its sum, in
layers from the first to the last; and the memory of the page over 200 clicks, garbage collected, and of the server.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import print_table, resident_mib, spread, versions

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser import Browser, browser

CLICKS = 200
# When the answer stands on the page, by the clock of the page itself, so that asking for it costs nothing.
_FIRST = """
(async () => {
  const seen = (condition) => new Promise((done) => {
    const look = () => (condition() ? done() : requestAnimationFrame(look));
    look();
  });
  await seen(() => document.querySelectorAll("#strip button").length && document.querySelector("#samples button"));
  document.querySelector("#samples button").click();
  await seen(() => document.querySelector("#answer .row") && !document.querySelector("#inside").hidden);
  return performance.now();
})()
"""
_CLICK = """
(async () => {
  const map = document.querySelector("#map"), { left, top, width, height } = map.getBoundingClientRect();
  const answered = new Promise((done) => new MutationObserver((_, watch) => { watch.disconnect(); done(); })
    .observe(document.querySelector("#sum"), { childList: true }));
  const began = performance.now();
  const place = { clientX: left + %f * width, clientY: top + %f * height };
  map.dispatchEvent(new MouseEvent("click", { bubbles: true, ...place }));
  await answered;
  return performance.now() - began;
})()
"""
_OPEN = """
(async () => {
  const tab = document.querySelectorAll("#strip button")[%d];
  tab.click();
  const seen = async (condition) => { while (!condition()) await new Promise(requestAnimationFrame); };
  await seen(() => document.querySelector("#layer-heading").innerText === tab.dataset.layer);
  await seen(() => document.querySelector("#maps button"));
  document.querySelector("#maps button").click();
  await seen(() => document.querySelector("#cell-heading").innerText.includes(`: ${tab.dataset.layer}, `));
  return !document.querySelector("#map").hidden;
})()
"""


def main() -> None:
    """Print a table with a row for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--pictures", help="a folder or data set, for networks that know none")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    rows = [row(model, given.pictures, given.repeats) for model in given.models]
    columns = ["network", "first picture, s", "a click, ms", "90 % of clicks, ms", "page, MiB", "server, MiB"]
    print_table(f"The explorer, {CLICKS} clicks", columns, rows)
    print("\n" + versions("convsight", "torch", "fastapi"))
    print(subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=False).stdout.strip())


def row(model: str, pictures: str | None, repeats: int) -> list[str]:
    """The measurements of one network."""
    with explorer(model, pictures) as (url, process), tempfile.TemporaryDirectory() as profile:
        with browser(Path(profile)) as page:
            firsts = [first_picture(page, url) / 1000 for _ in range(repeats + 1)][1:]  # the first starts the browser
            layers = int(page.run('document.querySelectorAll("#strip button").length'))
            with_maps = [n for n in sorted({round(k * (layers - 1) / 7) for k in range(8)}) if page.run(_OPEN % n)]
            before = memory_mib(page)
            clicks: list[float] = []
            for n in with_maps:
                page.run(_OPEN % n)
                for k in range(CLICKS // len(with_maps)):
                    clicks.append(page.run(_CLICK % ((k * 0.377 + 0.11) % 1, (k * 0.619 + 0.23) % 1)))
            after = memory_mib(page)
        tenth = statistics.quantiles(clicks, n=10)[-1]
        server = f"{resident_mib(process.pid):.0f}"
    return [model, spread(firsts, 2), spread(clicks, 0), f"{tenth:.0f}", f"{before:.1f} to {after:.1f}", server]


def first_picture(page: Browser, url: str) -> float:
    """Milliseconds from the address to a picture with its answer and the layers."""
    page.open("about:blank")
    page.open(url)
    return float(page.run(_FIRST))


def memory_mib(page: Browser) -> float:
    """What the scripts of the page hold, after garbage was collected."""
    return page.heap_bytes() / 2**20


@contextmanager
def explorer(model: str, pictures: str | None) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a page about `model`, and its server."""
    command = [sys.executable, "-m", "convsight", "explore", model, *([pictures] if pictures else []), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    told = []
    try:
        for line in process.stderr:
            told.append(line)
            if line.startswith("listening on "):
                yield line.rpartition(" ")[2].strip(), process
                return
        raise SystemExit(f"{model}: {''.join(told)}")
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
