"""Builds the documentation as a site: `python tools/site.py build/site`, or `make docs`.

The pages are the Markdown that a forge shows, laid beside one another as in the repository, so that their links hold
in both places. Three of them get what a forge cannot show: the page `docs/index.md` is the navigation, `docs/api.md`
has the docstring of each name it lists, and the notebook in `examples/` is run, and shown with what it answers;
`--notebook-unrun` shows it as it is.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sphinx.cmd.build import main as sphinx
from tools.notebook_page import notebook_page

ROOT = Path(__file__).resolve().parents[1]
_PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "benchmarks/RESULTS.md", "docs", "examples")
_NOTEBOOK = Path("examples/photos_to_explained_network.ipynb")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK = re.compile(r"^- \[(.*)\]\((.+)\.\w+\)$", re.MULTILINE)
_NAME = re.compile(r"^\| `(convsight\.[\w.]+)` \|", re.MULTILINE)
_HOME = '<!doctype html><title>convsight</title><meta http-equiv="refresh" content="0; url=docs/index.html">\n'


def build(place: Path, *, run_notebook: bool = True) -> int:
    """Write the site into the folder `place`; 0 where Sphinx had nothing to warn of."""
    source = place.with_name(place.name + "-source")
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    _lay_out(source, run_notebook=run_notebook)
    code = sphinx(["-W", "--keep-going", "-q", "-c", str(ROOT / "docs"), str(source), str(place)])
    (place / "index.html").write_text(_HOME, encoding="utf-8")
    return code


def with_navigation(index: str) -> str:
    """The first page, with the links below each heading as the navigation of all pages."""
    parts = []
    starts = [*_HEADING.finditer(index)]
    ends = [*(heading.start() for heading in starts[1:]), len(index)]
    for heading, end in zip(starts, ends, strict=True):
        pages = [f"{words} <{page}>" for words, page in _LINK.findall(index, heading.end(), end)]
        parts.append("\n".join(["```{toctree}", ":hidden:", f":caption: {heading[1]}", "", *pages, "```"]))
    return "\n\n".join([index.replace(".ipynb)", ".md)"), *parts, ""])


def with_docstrings(page: str) -> str:
    """The page of names, with the signature and docstring of each below the table that lists it."""
    pieces = re.split(r"(?=^## )", page, flags=re.MULTILINE)
    return "\n".join(piece + "\n".join(_described(piece)) for piece in pieces)


def _described(piece: str) -> Iterator[str]:
    for name in _NAME.findall(piece):
        kind = "autofunction" if name.count(".") == 1 else "autoclass"
        yield f"\n```{{eval-rst}}\n.. {kind}:: {name}\n```\n"


def _lay_out(source: Path, *, run_notebook: bool) -> None:
    for name in _PAGES:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    for name, made in (("index", with_navigation), ("api", with_docstrings)):
        file = source / "docs" / f"{name}.md"
        file.write_text(made(file.read_text(encoding="utf-8")), encoding="utf-8")
    notebook_page(source / _NOTEBOOK, run=run_notebook)


if __name__ == "__main__":
    _, folder, *rest = sys.argv
    sys.exit(build(Path(folder), run_notebook=rest != ["--notebook-unrun"]))
