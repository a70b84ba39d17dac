"""What tests do on a page of the explorer, as its user would."""

import json
import time
from pathlib import Path
from typing import Any

from tests.browser import Browser


def until(page: Browser, condition: str, seconds: float = 60) -> Any:
    """The value of a JavaScript expression, as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := page.run(condition)):
        assert time.monotonic() < end, f"{condition}: {page.run('document.body.innerText')}"
        time.sleep(0.05)
    return found


def opened_at(page: Browser, url: str, width: int = 1300, scheme: str = "light") -> None:
    """Open `url` afresh, with no complaints of an earlier page."""
    page.open("about:blank")
    page.complaints.clear()
    page.open(url, width, scheme)
    until(page, 'document.querySelectorAll("#strip button").length > 0')


def opened_file(page: Browser, file: Path, address: str = "", width: int = 1300, scheme: str = "light") -> None:
    """Open a saved page."""
    opened_at(page, f"{file.as_uri()}{address}", width, scheme)


def value(page: Browser) -> float:
    """The number that is written out, as soon as one is."""
    return float(until(page, 'document.querySelector("#value")?.dataset.value'))


def press(page: Browser, selector: str, key: str) -> None:
    """Press a key where `selector` is."""
    event = f'new KeyboardEvent("keydown", {{ key: "{key}", bubbles: true }})'
    page.run(f"document.querySelector('{selector}').dispatchEvent({event})")


def given(page: Browser, data: bytes, name: str = "a.png") -> None:
    """Drop a file."""
    page.run(
        "(() => { const all = new DataTransfer(); "
        f"all.items.add(new File([new Uint8Array({list(data)})], {json.dumps(name)})); "
        "document.body.dispatchEvent("
        'new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: all })); })()'
    )
