"""A threshold for what is found, of a real detector behind a real server, in a real browser."""

import io
import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.browser import Browser, browser
from tests.serve.explore.page import opened_at, until
from tests.serve.live import Live, image, started, wait_until

import convsight
from convsight.datasets import Dataset, Split, read_dataset
from convsight.results import Boxes, Result
from convsight.results.box_lists import BoxLists
from convsight.run import Run
from convsight.targets import Classes
from convsight.tasks.detection.light.metrics import BoxMetrics


def known(split: Split) -> list[tuple[NDArray[np.uint8], Result]]:
    """Each picture with what is true of it."""
    return [(np.asarray(split.images[index]), split.targets[index]) for index in range(len(split))]


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    """Some of the drawn shapes, which have numbers as their names."""
    whole, names = read_dataset("shapes"), ("10", "2", "0", "1")

    def few(name: str, count: int) -> Split:
        part = whole.split(name).select(np.arange(count), name)
        assert isinstance(part.targets, BoxLists)
        return replace(part, targets=BoxLists([replace(each, classes=names) for each in part.targets], names))

    parts = {"train": few("train", 60), "val": few("val", 12), "test": few("test", 9)}
    return Dataset("few", "few", "detection", Classes(names=names), parts)


@pytest.fixture(scope="module")
def detector(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("runs") / "detector"
    return convsight.train(shapes, net="locate+small", size=32, epochs=3, export=False, run=str(place), quiet=True)


@pytest.fixture(scope="module")
def data(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test pictures as a file of COCO, one of them unreadable."""
    folder, split = tmp_path_factory.mktemp("coco"), shapes.split("test")
    about: dict[str, Any] = {"images": [], "annotations": []}
    about["categories"] = [{"id": n, "name": name} for n, name in enumerate(shapes.target.names)]
    for number, (pixels, target) in enumerate(known(split)):
        picture = Image.fromarray(pixels)
        picture.save(folder / f"{number}.png")
        about["images"].append(
            {"id": number, "file_name": f"{number}.png", "width": picture.width, "height": picture.height}
        )
        assert isinstance(target, Boxes)
        for (left, top, right, bottom), label in zip(target.xyxy.tolist(), target.labels.tolist(), strict=True):
            box = [left, top, right - left, bottom - top]
            about["annotations"].append(
                {"id": len(about["annotations"]), "image_id": number, "category_id": label, "bbox": box,
                 "area": box[2] * box[3], "iscrowd": 0}
            )  # fmt: skip
    (folder / "8.png").write_bytes(b"no picture")
    (folder / "truth.json").write_text(json.dumps(about))
    return folder / "truth.json"


@pytest.fixture(scope="module")
def explorer(detector: Run, data: Path) -> Iterator[Live]:
    command = [sys.executable, "-m", "convsight", "explore", str(detector.path), str(data), "--port", "0"]
    with started(command) as running:
        running.url, _, _ = running.url.partition(";")
        yield running


@pytest.fixture(scope="module")
def swept(explorer: Live) -> dict[str, Any]:
    assert explorer.get("/explore/thresholds/swept").status_code == 404
    explorer.post(b"", path="/explore/thresholds")
    wait_until(lambda: explorer.get("/explore/thresholds").json()["state"] != "working", 200)
    found: dict[str, Any] = explorer.get("/explore/thresholds/swept").json()
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def drawn(explorer: Live, file: bytes, query: str = "") -> tuple[bytes, str]:
    found = explorer.post(file, path=f"/explore/thresholds/drawn{query}").json()
    return np.asarray(Image.open(io.BytesIO(b64decode(found["drawn"])))).tobytes(), found["words"]


def test_what_is_found_from_a_threshold_on_is_drawn(explorer: Live, detector: Run) -> None:
    file = explorer.get("/explore/samples/0").content
    found = convsight.load(detector.path).predict(file)
    assert isinstance(found, Boxes)
    original = Image.open(io.BytesIO(file)).convert("RGB")
    assert drawn(explorer, file) == (np.asarray(found.draw(original)).tobytes(), found.summary())
    threshold = float(found.scores.max()) - 0.001
    few = found.at_least(threshold)
    assert len(few.found) == 1
    picture = np.asarray(few.draw(original)).tobytes()
    assert drawn(explorer, file, f"?threshold={threshold}") == (picture, few.summary())
    assert drawn(explorer, file, "?threshold=1")[0] == np.asarray(original).tobytes()


def test_precision_and_recall_are_those_of_the_data(swept: dict[str, Any], detector: Run, shapes: Dataset) -> None:
    model, metrics = convsight.load(detector.path), BoxMetrics(shapes.target.names)
    split = shapes.split("test").select(np.arange(8))
    assert (swept["images"], swept["count"], swept["unreadable"]) == (8, 9, 1)
    for pixels, target in known(split):
        metrics.update(target, model.predict(pixels))
    own = metrics.swept(np.array(swept["thresholds"]))
    assert {told["name"] for told in swept["swept"]} == set(own)
    for told in swept["swept"]:
        name = told["name"]
        assert told["true"] == own[name].true
        for kind in ("precision", "recall"):
            np.testing.assert_allclose(np.array(told[kind], float), getattr(own[name], kind), atol=1e-4)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/explore/thresholds/drawn?threshold=2", 422, "give a number from 0 to 1"),
        ("/explore/thresholds/drawn?threshold=nan", 422, "give a number from 0 to 1"),
        ("/explore/thresholds/drawn?threshold=much", 422, "threshold 'much'"),
    ],
)
def test_bad_thresholds_are_refused(explorer: Live, path: str, status: int, words: str) -> None:
    found = explorer.post(image(1), path=path)
    assert (found.status_code, words in found.json()["error"]) == (status, True), found.text
    assert explorer.post(b"text", path="/explore/thresholds/drawn").status_code == 422


def moved(page: Browser, threshold: float) -> str:
    page.run(
        f'(() => {{ const slider = document.querySelector("#threshold"); slider.value = {threshold}; '
        'slider.dispatchEvent(new Event("input")); })()'
    )
    words: str = page.run('document.querySelector("#swept-words").innerText')
    return words


def told(found: Boxes, threshold: float) -> str:
    return found.at_least(threshold).summary()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1300, "light")])
def test_the_slider_moves_the_picture_and_the_numbers(
    page: Browser, explorer: Live, detector: Run, swept: dict[str, Any], width: int, scheme: str
) -> None:
    opened_at(page, f"{explorer.url}/explore#sample=0", width, scheme)
    until(page, '!document.querySelector("#found").hidden')
    found = convsight.load(detector.path).predict(explorer.get("/explore/samples/0").content)
    assert isinstance(found, Boxes)
    assert page.run('document.querySelector("#found-words").innerText') == found.summary()
    page.run('document.querySelector("#sweep").click()')
    until(page, 'document.querySelectorAll("#swept-chart path").length === 2')
    recall, precision = (swept["swept"][0][kind][30] for kind in ("recall", "precision"))
    choices = page.run('[...document.querySelectorAll("#swept-class option")].map((one) => one.innerText)')
    assert choices == [f"{each['name'] or 'all classes'} ({each['true']} to find)" for each in swept["swept"]]
    assert choices[0].startswith("all classes")
    words = moved(page, 0.3)
    assert f"recall {100 * recall:.1f} %" in words
    assert ("nothing is found" if precision is None else f"precision {100 * precision:.1f} %") in words
    for threshold in (0, 1):
        words = moved(page, threshold)
        until(page, f'document.querySelector("#found-words").innerText === {json.dumps(told(found, threshold))}')
        assert page.run('document.querySelector("#found").alt') == told(found, threshold)
    assert "recall 0.0 %" in words
    page.run('document.querySelector("#own-thresholds").click()')
    until(page, f'document.querySelector("#found-words").innerText === {json.dumps(found.summary())}')
    assert page.sideways() == 0
    assert page.run('document.querySelector("#plane-why").innerText').startswith("networks of detection answer about")
    assert page.run('document.querySelector("#plane-make").hidden')
    # But of the picture that cannot be read.
    assert [each for each in page.complaints if not each.endswith("/thumbnails/8")] == []


def test_where_nothing_is_to_be_found_there_is_no_recall(page: Browser, explorer: Live) -> None:
    opened_at(page, f"{explorer.url}/explore")
    words = page.run(
        'import("/explore/files/thresholds.js").then(({ wordsAt }) => '
        "wordsAt(0.3, { precision: Array(101).fill(0), recall: Array(101).fill(null) }))"
    )
    assert words == "precision 0.0 %; there is nothing to find, so there is no recall"


@pytest.mark.slow
def test_classifiers_have_none(trained: Path) -> None:
    with started([sys.executable, "-m", "convsight", "explore", str(trained), "--port", "0"]) as running:
        url, _, _ = running.url.partition(";")
        running.url = url
        assert running.post(b"", path="/explore/thresholds").status_code == 404
        assert running.post(image(1), path="/explore/thresholds/drawn").status_code == 404
        assert not running.get("/explore/network").json()["thresholds"]
