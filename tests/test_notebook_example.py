"""The notebook in `examples/` runs from its first cell to its last, and each shows what it should."""

import html
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FILE = Path(__file__).resolve().parents[1] / "examples" / "photos_to_explained_network.ipynb"


def _shown(notebook: Any, line: str) -> dict[str, str]:
    """By type: what the cell that ends in `line` shows; its printed text is under `print`."""
    (cell,) = [each for each in notebook.cells if each.source.splitlines()[-1] == line]
    found: dict[str, str] = {}
    for output in cell.outputs:
        found |= output.get("data", {})
        if output.output_type == "stream":
            found["print"] = found.get("print", "") + output.text
    return found


def _text(shown: dict[str, str]) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", shown["text/html"])).split())


@pytest.mark.slow
def test_from_photos_to_an_explained_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(FILE, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells)  # it is kept without what it showed
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    run = _text(_shown(notebook, "run"))
    accuracy = re.search(r"test/accuracy (0\.\d+|1\.0+) ", run)
    assert accuracy is not None
    assert float(accuracy[1]) > 0.8
    assert f"test/accuracy {accuracy[1]}" in _text(_shown(notebook, "convsight.evaluate(run.path, quiet=True)"))
    assert "parameters" in _text(_shown(notebook, "convsight.describe(run.path)"))
    assert _text(_shown(notebook, "model")).startswith("classification: 3 classes")
    explained = _shown(notebook, "explained")
    assert explained["image/png"]
    assert any(kind in explained["print"] for kind in ("circle", "square", "triangle"))
    assert "model.xml" in _shown(notebook, "convsight.load(exported.file).predict(picture)")["print"]
