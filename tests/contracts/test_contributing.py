"""The network and the data format of CONTRIBUTING work as they stand on the page."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.contracts.nets import NetContract

from convsight.datasets import read
from convsight.errors import UserError
from convsight.results import Labels

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(heading: str) -> list[str]:
    """The Python below a heading of the page."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return BLOCK.findall(page.partition(f"## {heading}\n")[2].partition("\n## ")[0])


def test_the_format_of_the_page_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, entry = blocks("Adding a data format")
    names: dict[str, Any] = {}
    exec(compile(module, "mylist.py", "exec"), names)
    formats = eval(f"[{entry}]", {"Format": read.Format, **names})
    monkeypatch.setattr(read, "FORMATS", (*formats, *read.FORMATS))
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "labels.lst").write_text("image,class\nb.png,dog\na.png,cat\nc.png,dog\n")
    dataset = read.read_dataset(tmp_path / "labels.lst")
    (split,) = dataset.splits.values()
    assert (dataset.task, dataset.target.names) == ("classification", ("cat", "dog"))
    assert list(split.names) == ["b.png", "a.png", "c.png"]
    assert isinstance(split.targets, Labels)
    assert split.targets.indices.tolist() == [1, 0, 1]
    (tmp_path / "labels.lst").write_text("image,class\nd.png,dog\na.png,cat\n")
    with pytest.raises(UserError, match=r"line 2.*d\.png"):
        read.read_dataset(tmp_path / "labels.lst")


def test_the_network_of_the_page_passes_its_test(tmp_path: Path) -> None:
    net, line, test = blocks("Adding a net")
    # One file in place of three: nothing is written into the tree.
    entry = f"from convsight.nets.catalogue import NETS, NetEntry\nNETS.update({{{line}}})\n"
    (tmp_path / "test_mynet.py").write_text(f"{net}\n{entry}\n{test}")
    command = [sys.executable, "-m", "pytest", "-q", "-c", f"{ROOT}/pyproject.toml", "--rootdir", str(ROOT)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", f"{tmp_path}/test_mynet.py"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    count = re.search(r"(\d+) passed", done.stdout)
    assert count is not None
    assert int(count[1]) >= sum(name.startswith("test_") for name in dir(NetContract))
