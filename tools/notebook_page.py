"""A notebook as a page of Markdown, with what its cells answer when they are run."""

import os
import re
from base64 import b64decode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def notebook_page(file: Path, *, run: bool) -> Path:
    """Write `file` as Markdown beside it, its pictures too; with `run` every cell is run first. Returns the page."""
    notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    if run:
        with TemporaryDirectory() as folder:  # for what the notebook makes
            client = NotebookClient(notebook, timeout=240, kernel_name="python3")
            client.execute(env={**os.environ, "TMPDIR": folder})
    parts: list[str] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for place, output in enumerate(cell.get("outputs", [])):
            parts.append(_shown(output, file.with_name(f"{file.stem}_{number}_{place}.png")))
    page = file.with_suffix(".md")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _shown(output: Any, picture: Path) -> str:
    """What a cell answered: a picture (written to `picture`), a piece of HTML, or text."""
    data = output.get("data", {})
    if "image/png" in data:
        picture.write_bytes(b64decode(data["image/png"]))
        return f"![what the cell shows]({picture.name})"
    if "text/html" in data:
        # No empty line may end a piece of HTML within Markdown.
        return "<div>\n" + re.sub(r"\n\s*\n", "\n", data["text/html"]) + "\n</div>"
    text = output.get("text") or data.get("text/plain", "")
    return f"```text\n{_COLOURS.sub('', text).rstrip()}\n```"
