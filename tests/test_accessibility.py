"""Every page that people look at, in a real browser, as axe-core judges it: light and dark, at a desk, on a phone."""

import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.browser import Browser, browser
from tests.serve.explore.page import given, opened_at, until, value
from tests.serve.live import Live, image, started
from tests.training.heard import Heard

from convsight.describe.description import describe_module
from convsight.describe.html_page import description_html
from convsight.describe.resolve import resolve_net
from convsight.report.compare import compare_runs
from convsight.report.compare_page import compare_html
from convsight.report.report import report_file
from convsight.run import Run

# How many rules hold, and which the page breaks, with the first elements that do.
_JUDGE = """
axe.run({ resultTypes: ["violations"] }).then(({ violations, passes }) => [passes.length, violations.map(
  ({ id, impact, nodes }) => [id, impact, ...nodes.slice(0, 4).map(
    ({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)])])
"""

Open = Callable[[int, str], None]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def explorer(exported_run: Run) -> Iterator[Live]:
    """The server of the explorer, which has the page for many pictures too."""
    with started([sys.executable, "-m", "convsight", "explore", str(exported_run.path), "--port", "0"]) as running:
        running.url, _, _ = running.url.partition(";")
        yield running


@pytest.fixture(scope="module")
def open_page(
    page: Browser, explorer: Live, exported_run: Run, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Open]:
    """What opens each page, with all that it shows once a person has used it."""
    place: Path = tmp_path_factory.mktemp("pages")

    def front(width: int, scheme: str) -> None:
        page.open(explorer.url, width, scheme)
        given(page, image(1))
        until(page, 'document.querySelectorAll(".row").length > 1')

    def explore(width: int, scheme: str) -> None:
        layer = explorer.get("/explore/network").json()["layers"][0]["name"]
        at = f"#sample=0&layer={layer}&channel=1&row=2&column=3&method=occlusion"
        opened_at(page, f"{explorer.url}/explore{at}", width, scheme)
        value(page)
        page.run('document.querySelector("#drawing").open = true; document.querySelector("#hide").click()')

    def file(name: str, text: str) -> Open:
        written = place / name
        written.write_text(text, encoding="utf-8")
        return lambda width, scheme: page.open(written.as_uri(), width, scheme)

    subject = resolve_net("lecture3", None, None)
    described = describe_module(subject.model, subject.shape, subject.name)
    report = report_file(exported_run).read_text(encoding="utf-8")
    return {
        "front": front,
        "explorer": explore,
        "report": file("report.html", report.replace("<details", "<details open")),
        "compare": file("compare.html", compare_html(compare_runs([str(exported_run.path)] * 2, Heard()))),
        "describe": file("describe.html", description_html(described)),
    }


def broken(page: Browser) -> list[Any]:
    """The rules of axe-core that what is open breaks."""
    page.run(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    held, wrong = page.run(_JUDGE)
    assert held > 10, "axe has looked at next to nothing"
    return list(wrong)


_SEEN = [
    (390, "dark"),
    (1300, "light"),
    *(pytest.param(*each, marks=pytest.mark.slow) for each in ((390, "light"), (1300, "dark"))),
]


@pytest.mark.parametrize(("width", "scheme"), _SEEN)
@pytest.mark.parametrize("name", ["front", "explorer", "report", "compare", "describe"])
def test_axe_finds_nothing(page: Browser, open_page: dict[str, Open], name: str, width: int, scheme: str) -> None:
    open_page[name](width, scheme)
    assert broken(page) == []
