"""The documentation as a site: it builds without a warning, and works without a network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from tests.browser import Browser, browser
from tools.notebook_page import notebook_page
from tools.site import with_docstrings, with_navigation

import convsight

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow  # links and names are checked in test_links.py; `make docs` builds as strictly
# What a browser would load by itself. Links that people may follow are `<a href>`.
LOADED = re.compile(
    r"<(?!a )\w+[^>]*\b(?:src|href|data|srcset)=[\"']?(?:https?:)?//[^>]*>|url\(\s*[\"']?(?:https?:)?//|@import"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, its notebook not run: tests/test_notebook_example.py does that."""
    place = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "tools.site", str(place), "--notebook-unrun"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_every_page_of_the_repository_is_a_page_of_the_site(site: Path) -> None:
    pages = {file.relative_to(ROOT).with_suffix(".html") for file in (ROOT / "docs").glob("*.md")}
    others = {Path(f"{name}.html") for name in ("README", "CONTRIBUTING", "CHANGELOG", "benchmarks/RESULTS")}
    for one in pages | others | {Path("examples/photos_to_explained_network.html"), Path("index.html")}:
        assert (site / one).is_file(), one


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".css")]
    assert len(files) > 30
    for file in files:
        found = LOADED.search(file.read_text(encoding="utf-8"))
        assert found is None, (file, found)


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://example.org/x.js">',
        '<link rel="stylesheet" href="//example.org/x.css" />',
        "url(https://example.org/x.woff2)",
        '@import "x.css"',
    ],
)
def test_what_is_loaded_from_elsewhere_is_seen(planted: str) -> None:
    assert LOADED.search(planted)
    assert not LOADED.search('<a class="x" href="https://example.org">')


def test_a_page_opens_from_a_folder_in_light_and_dark_on_a_phone(site: Path, page: Browser) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page.open((site / "docs" / "explain.html").as_uri(), width=420, scheme=scheme)
        assert page.sideways() == 0
        grounds.append(page.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] != grounds[1]
    assert page.run("[...document.images].every((image) => image.naturalWidth > 0)")
    assert page.complaints == []


def test_search_finds_a_page_without_a_server(site: Path, page: Browser) -> None:
    page.open((site / "search.html").as_uri() + "?q=deletion")
    found = page.run(
        "new Promise((done) => { const look = () => {"
        " const links = [...document.querySelectorAll('#search-results li a')].map((link) => link.href);"
        " links.length ? done(links) : setTimeout(look, 50); }; look(); })"
    )
    assert any("docs/explain.html" in link for link in found)
    assert page.complaints == []


def test_every_page_is_in_the_navigation(site: Path, page: Browser) -> None:
    page.open((site / "docs" / "index.html").as_uri())
    linked = set(page.run("[...document.querySelectorAll('.sidebar-tree a')].map((link) => link.href.split('#')[0])"))
    for file in (ROOT / "docs").glob("*.md"):
        assert (site / "docs" / f"{file.stem}.html").as_uri() in linked or file.stem == "index", file


def test_every_public_function_has_its_words_on_the_site(site: Path) -> None:
    text = (site / "docs" / "api.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'id="(convsight[\w.]+)"', text))
    assert {f"convsight.{name}" for name in convsight.__all__} <= shown
    listed = re.findall(r"^\| `(convsight[\w.]+)` \|", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.M)
    assert set(listed) <= shown


def test_the_navigation_is_made_of_the_links_below_each_heading() -> None:
    made = with_navigation("# a\n\n## One\n\n- [b c](b.md)\n- [d](../x/d.ipynb)\n\n## Two\n\n- [e](e.md)\n")
    assert ":caption: One\n\nb c <b>\nd <../x/d>\n```" in made
    assert ":caption: Two\n\ne <e>\n```" in made
    assert "[d](../x/d.md)" in made


def test_docstrings_stand_below_the_table_that_lists_their_names() -> None:
    made = with_docstrings("# a\n\n## One\n\n| `convsight.load` | b |\n\n## Two\n\n| `convsight.run.Run` | c |\n")
    one, two = made.split("## Two")
    assert ".. autofunction:: convsight.load\n" in one
    assert "Run" not in one
    assert ".. autoclass:: convsight.run.Run\n" in two


def test_a_notebook_shows_what_its_cells_answered(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_markdown_cell("# Words"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_code_cell("print(6 * 7)\nprint('\\x1b[31mred\\x1b[0m')"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
            "from IPython.display import HTML\nHTML('<b>bold</b>\\n\\n<i>slanted</i>')"
        ),
        nbformat.v4.new_code_cell("import tempfile\ntempfile.mkdtemp()"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_code_cell("from PIL import Image\nImage.new('L', (3, 2))"),  # type: ignore[no-untyped-call]
    ]
    file = tmp_path / "short.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)  # type: ignore[no-untyped-call]
    text = notebook_page(file, run=True).read_text(encoding="utf-8")
    assert text.startswith("# Words\n\n```python\nprint(6 * 7)")
    assert "```text\n42\nred\n```" in text
    assert "<div>\n<b>bold</b>\n<i>slanted</i>\n</div>" in text
    made = re.search(r"^'(.+)'$", text, re.M)
    assert made is not None
    assert not Path(made[1]).exists()
    assert "![what the cell shows](short_4_0.png)" in text
    assert (tmp_path / "short_4_0.png").read_bytes().startswith(b"\x89PNG")
