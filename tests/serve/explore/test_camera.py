"""The camera: a real stream of a fake device, and what is said where there is none, or the user says no."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser import Browser, browser
from tests.serve.explore.page import opened_at, until
from tests.serve.explore.test_page import explored
from tests.serve.live import Live

pytestmark = pytest.mark.slow  # browsers of their own


@pytest.fixture(scope="module")
def explorer(trained: Path) -> Iterator[Live]:
    with explored(trained, "--port", "0") as running:
        running.url, _, _ = running.url.partition(";")
        yield running


def opened(page: Browser, explorer: Live) -> None:
    opened_at(page, f"{explorer.url}/explore")
    page.run('document.querySelector("#photograph").open = true')


def test_what_it_sees_is_answered_until_it_is_closed(explorer: Live, tmp_path: Path) -> None:
    with browser(tmp_path, "--use-fake-device-for-media-stream") as page:
        page.decide("camera", "granted")
        opened(page, explorer)
        until(page, '!document.querySelector("#camera").hidden && document.querySelector("#camera").videoWidth > 0')
        page.run('document.querySelector("#shoot").click()')
        until(page, 'document.querySelector("#status").innerText.startsWith("the camera: ")')
        first = page.run("location.hash")
        page.run('document.querySelector("#follow").click()')
        until(page, f'location.hash !== "{first}"')  # the clock of the fake device has gone on
        assert page.run('document.querySelector("#follow").ariaPressed') == "true"
        page.run('window.track = document.querySelector("#camera").srcObject.getTracks()[0]')
        page.run('document.querySelector("#photograph").open = false')
        until(page, 'document.querySelector("#camera").hidden && window.track.readyState === "ended"')
        assert page.complaints == []
        page.decide("camera", "denied")
        opened(page, explorer)
        until(page, 'document.querySelector("#camera-words").innerText.includes("does not let this page")')
        assert page.run('document.querySelector("#camera").hidden')


@pytest.mark.slow
def test_where_there_is_none_that_is_told(explorer: Live, tmp_path: Path) -> None:
    with browser(tmp_path) as page:
        page.decide("camera", "granted")
        opened(page, explorer)
        until(page, 'document.querySelector("#camera-words").innerText.includes("no camera here")')
