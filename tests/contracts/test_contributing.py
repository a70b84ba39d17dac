"""The network of CONTRIBUTING passes the contract as it stands on the page."""

import re
import subprocess
import sys
from pathlib import Path

from tests.contracts.nets import NetContract

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_network_of_the_page_passes_its_test(tmp_path: Path) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    net, line, test = BLOCK.findall(page.partition("## Adding a net\n")[2].partition("\n## ")[0])
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
