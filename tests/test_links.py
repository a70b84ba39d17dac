"""Links, anchors, files and names of Python that pages and docstrings speak of are there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
# A file of the repository, wherever it is spoken of; and a name of Python that begins with the package's.
FILE = re.compile(r"(?<![\w/.])(?:docs|benchmarks|examples|tools)/[\w/]+\.(?:md|py|png|svg|sh|yaml|ipynb|html)\b")
NAME = re.compile(r"(?<![\w/.-])convsight(?:\.\w+)+")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a page, those within lines too."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or []


def targets(text: str) -> Iterator[str]:
    """Where the links and pictures of a page lead."""
    for token in tokens(text):
        found = token.attrGet("href") or token.attrGet("src")
        if found:
            yield str(found)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as forges make them."""
    found: list[str] = []
    parsed = [*tokens(page.read_text(encoding="utf-8"))]
    for token, words in pairwise(parsed):
        if token.type == "heading_open":
            plain = "".join(each.content for each in words.children or [])
            slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
            found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def broken_links(text: str, page: Path) -> list[str]:
    """The links within the repository that lead nowhere."""
    faults = []
    for target in targets(text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        file = page if not place else page.parent / place
        if not file.exists() or (anchor and anchor not in anchors(file)):
            faults.append(target)
    return faults


def missing_files(text: str) -> list[str]:
    """The files of the repository that `text` names and that are not there."""
    return [name for name in FILE.findall(text) if not (ROOT / name).exists()]


def unknown_names(text: str) -> list[str]:
    """The dotted names of the package that `text` names and that are not there."""
    return [name for name in NAME.findall(text) if not is_there(name)]


@cache
def is_there(name: str) -> bool:
    """Whether a dotted name is a module, or something that a module or a class of it states; nothing is imported."""
    place, parts = ROOT / "src" / "convsight", name.split(".")[1:]
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    file = place / "__init__.py"
    if parts and (place / f"{parts[0]}.py").is_file():
        file = place / f"{parts.pop(0)}.py"
    body: list[ast.stmt] | None = ast.parse(file.read_text(encoding="utf-8")).body
    for part in parts:
        if body is None:  # what is imported, or no class, is not looked into
            return True
        stated = dict(names_in(body))
        if part not in stated:
            return False
        found = stated[part]
        body = found.body if isinstance(found, ast.ClassDef) else None
    return True


def names_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What the statements of a module or class give names to, with the statement."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node) for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((each.id, node) for each in targets if isinstance(each, ast.Name))


def docstrings() -> Iterator[object]:
    """The docstrings of the package, a file each."""
    for file in sorted((ROOT / "src" / "convsight").rglob("*.py")):
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        nodes = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, kinds)]
        text = "\n".join(filter(None, map(ast.get_docstring, nodes)))
        if FILE.search(text) or NAME.search(text):
            yield pytest.param(text, id=str(file.relative_to(ROOT / "src")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_speaks_of_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert broken_links(text, page) == []
    assert missing_files(text) == []
    assert unknown_names(text) == []


@pytest.mark.parametrize("text", [*docstrings()])
def test_what_docstrings_speak_of_is_there(text: str) -> None:
    assert missing_files(text) == []
    assert unknown_names(text) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("[a](gone.md)", "gone.md"),
        ("![a](gone.png)", "gone.png"),
        ("[a](learning.md#no-such-part)", "learning.md#no-such-part"),
        ("[a](#no-such-part)", "#no-such-part"),
        ("| a |\n|---|\n| [a](gone.md) |", "gone.md"),
    ],
)
def test_a_broken_link_is_found(planted: str, fault: str) -> None:
    page = ROOT / "docs" / "explain.md"
    whole = "[b](learning.md#stopped-and-gone-on-with) [c](#evidence) [d](https://example.org/x) `[e](gone.md)`"
    assert broken_links(f"{whole}\n\n{planted}\n", page) == [fault]


def test_a_missing_file_or_name_is_found() -> None:
    assert missing_files("see docs/learning.md, docs/gone.md and `tools/house.py`") == ["docs/gone.md"]
    told = "`convsight.train`, convsight.run.Run.path, convsight.datasets.audit.Audit, runs/convsight.md"
    gone = ["convsight.errors.UserErrors", "convsight.gone.thing", "convsight.run.Run.gone"]
    assert unknown_names(" ".join([told, *gone])) == gone
