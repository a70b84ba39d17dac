"""The page about a run, in a real browser where a person looks, as text where a fault can be planted."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.browser import Browser, browser
from tests.contrast import contrast
from tests.training.heard import Heard

import convsight
from convsight.card import Card
from convsight.datasets import Dataset, Split
from convsight.errors import UserError
from convsight.metrics import Measured
from convsight.report.evidence import Evidence, evidence_of
from convsight.report.judgement import Group, Judgement, WrongPicture, judged_file, read_judgement
from convsight.report.report import report_file, report_html, write_report
from convsight.results import Labels
from convsight.run import Run
from convsight.targets import Classes
from convsight.training.reporting import report_trained

MARKUP = "dark <script>alert(1)</script>"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark and bright images, of which some are of the other class; the folder's name stands for the class's."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    rows = ["image,label"]
    for index in range(60):
        dark = index % 2 == 0
        noise = random.integers(-40, 40, (20, 20, 3)) + (60 if dark != (index % 7 == 0) else 190)
        Image.fromarray(noise.astype(np.uint8)).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{MARKUP if dark else 'bright'}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder / "labels.csv"


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("runs") / "a run"
    return convsight.train(data, net="lecture3", size=16, epochs=2, export=False, run=str(place), quiet=True)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def _copied(run: Run, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(run.path, tmp_path / "copied")))


def test_a_training_leaves_a_page_that_needs_nothing_else(run: Run) -> None:
    text = report_file(run).read_text()
    assert len(text) < 5_000_000
    assert "<script" not in text
    sources = re.findall(r'(?:src|href)="([^"]{0,20})', text)
    assert sources
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    assert "url(" not in text
    assert "left out" not in text.lower()


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_is_read_in_light_and_dark(page: Browser, run: Run, width: int, scheme: str) -> None:
    page.open(report_file(run).as_uri(), width, scheme)
    assert page.sideways() == 0
    behind = page.run("getComputedStyle(document.body).backgroundColor")
    assert (contrast(behind, "#000000") < 2) == (scheme == "dark")
    for kind in ("h1", "h2", ".lead", "td", ".dim", "caption", "figcaption", "summary", "a", ".chart li", "small"):
        colour = page.run(f'getComputedStyle(document.querySelector("{kind}")).color')
        assert contrast(colour, behind) >= 4.5, kind
    for kind in (".tick", ".legend"):
        style = f'getComputedStyle(document.querySelector("{kind}"))'
        assert contrast(page.run(f"{style}.{'fill' if kind == '.tick' else 'color'}"), behind) >= 4.5, kind
    for number in range(3):
        stroke = page.run(f'getComputedStyle(document.querySelector(".chart li .s{number}")).stroke')
        assert contrast(stroke, behind) >= 3, number
    soft = page.run('getComputedStyle(document.querySelector("th")).backgroundColor')
    assert contrast(page.run('getComputedStyle(document.querySelector("th")).color'), soft) >= 4.5
    for cell in range(4):  # of the matrix, however many are in it
        style = f'getComputedStyle(document.querySelectorAll("table.matrix td")[{cell}])'
        shade = page.run(
            f"(() => {{ const c = document.createElement('canvas').getContext('2d'); c.fillStyle = "
            f"{style}.backgroundColor; c.fillRect(0, 0, 1, 1); const [r, g, b] = c.getImageData(0, 0, 1, 1).data; "
            "return `rgb(${r}, ${g}, ${b})`; })()"
        )
        assert contrast(page.run(f"{style}.color"), shade) >= 4.5, cell


def test_a_person_without_eyes_or_mouse_can_use_it(page: Browser, run: Run) -> None:
    page.open(report_file(run).as_uri())
    assert page.run('[...document.images].every((one) => one.complete && one.naturalWidth > 0 && one.alt !== "")')
    assert page.run('[...document.querySelectorAll("svg")].every((one) => one.ariaLabel || one.ariaHidden === "true")')
    assert page.run('document.querySelectorAll("h1").length') == 1
    assert page.run('[...document.querySelectorAll("nav a")].every((one) => document.querySelector(one.hash))')
    assert page.run('[...document.querySelectorAll(".scroll")].every((one) => one.tabIndex === 0 && one.ariaLabel)')
    ids = page.run('[...document.querySelectorAll("[id]")].map((one) => one.id)')
    assert len(ids) == len(set(ids))


def test_a_cell_of_the_matrix_opens_to_its_pictures(page: Browser, run: Run) -> None:
    found = read_judgement(run)
    assert found is not None
    assert found.table is not None
    page.open(report_file(run).as_uri())
    links = page.run('[...document.querySelectorAll("table.matrix a")].map((one) => [one.textContent, one.hash])')
    wrong = {(row, column): count for row, line in enumerate(found.table.counts) for column, count in enumerate(line)}
    counts = sorted(count for (row, column), count in wrong.items() if row != column and count)
    assert counts
    assert sorted(int(count) for count, _ in links) == counts
    for count, link in links:
        opened = f'document.querySelector("{link}").closest("details").open'
        assert not page.run(opened)
        page.run(f'document.querySelector(`table.matrix a[href="{link}"]`).click()')
        page.run("new Promise((done) => setTimeout(done, 50))")
        assert page.run(opened)
        assert page.run(f'document.querySelectorAll("{link} img").length') == int(count)
        names = page.run(f'[...document.querySelectorAll("{link} small")].map((one) => one.textContent)')
        assert all(name.endswith(".png") for name in names)


def test_names_are_shown_as_text(page: Browser, run: Run) -> None:
    page.open(report_file(run).as_uri())
    assert page.run("document.scripts.length") == 0
    assert MARKUP in page.run("document.body.textContent")


def test_numbers_are_those_of_the_card(run: Run) -> None:
    text = report_file(run).read_text()
    reached = run.metrics["test/accuracy"]
    assert f"accuracy is {reached.value:.4f}" in text
    assert f"{run.metrics['test/baseline/majority/accuracy'].value:.4f}" in text
    assert str(run.card.data["fingerprint"]) in text
    assert "--net lecture3 --size 16 --epochs 2 --no-export" in text
    judgement = read_judgement(run)
    assert judgement is not None
    assert f"Verdict: {judgement.verdict}." in text
    wrong = judgement.images - round(reached.value * judgement.images)
    assert (judgement.wrong, sum(group.count for group in judgement.groups)) == (wrong, wrong)


def test_data_that_have_moved_are_said_and_the_rest_stays(run: Run, data: Path, tmp_path: Path) -> None:
    moved = data.parent.with_name("moved")
    data.parent.rename(moved)
    try:
        place, left_out = write_report(run, tmp_path / "moved.html")
    finally:
        moved.rename(data.parent)
    text = place.read_text()
    assert any(str(data) in words for words in left_out)
    assert "Left out of this report" in text
    for kept in ("How good it is", "Verdict:", "How to do it again", 'class="matrix"', "The worst, the surest first"):
        assert kept in text


def test_a_run_that_was_stopped_after_an_epoch(data: Path, tmp_path: Path) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    place = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        convsight.train(data, net="lecture3", size=16, epochs=4, run=str(place), quiet=True, on_epoch=stop)
    assert not report_file(Run(place)).exists()
    _, left_out = write_report(Run(place))
    text = report_file(Run(place)).read_text()
    assert "The training has not ended; go on with it: convsight train --resume" in text
    assert [words for words in left_out if "mistakes" in words]


def test_without_a_network_there_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[settings]\ndata = "photos"\n')
    with pytest.raises(UserError, match="stopped before the first epoch"):
        write_report(Run(tmp_path))


def test_no_report_leaves_it_out(data: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "none")
    found = convsight.train(data, net="lecture3", size=16, epochs=1, export=False, report=False, run=place, quiet=True)
    assert not report_file(found).exists()
    assert judged_file(found).is_file()  # from which it can be made


def test_what_fails_fails_no_training(run: Run, tmp_path: Path) -> None:
    copied, heard = _copied(run, tmp_path), Heard()
    report_file(copied).unlink()
    report_file(copied).mkdir()
    report_trained(copied, Dataset("a", "a", "classification", copied.card.target, _splits(2)), heard)
    (said,) = heard.said
    assert said.startswith("the report was left out: ")


@pytest.mark.parametrize("content", ["", "{", '{"split": 3}', "[1]"])
def test_a_damaged_judgement_is_left_out(run: Run, tmp_path: Path, content: str) -> None:
    copied = _copied(run, tmp_path)
    judged_file(copied).write_text(content)
    _, left_out = write_report(copied)
    assert [words for words in left_out if "judged.json is no judgement" in words]


def test_a_network_of_a_program(data: Path, tmp_path: Path) -> None:
    from torch import nn

    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    place = str(tmp_path / "own")
    run = convsight.train(data, net=net, size=16, epochs=1, export=False, run=place, quiet=True)
    assert "Every layer, each number beside its formula" in report_file(run).read_text()
    _, left_out = write_report(run)  # by now the network is gone
    assert [words for words in left_out if words.startswith("the drawing of the network")]
    assert "was given by a program: net" in report_file(run).read_text()


def _splits(classes: int) -> dict[str, Split]:
    random = np.random.default_rng(0)
    names = tuple(f"class {number} <i>" for number in range(classes))
    found = {}
    for split in ("train", "test"):
        images = random.integers(0, 256, (3 * classes, 64, 64, 3), dtype=np.uint8)
        labels = Labels(np.arange(3 * classes) % classes, names)
        found[split] = Split(split, images, labels, [f"{split}/{place:05d}" for place in range(len(images))])
    return found


def test_a_thousand_classes_fit_a_page(run: Run) -> None:
    splits, count = _splits(1000), 1000
    names = splits["test"].targets[0].classes  # type: ignore[attr-defined]
    kinds = {f"test/{kind}/{name}": Measured(0.5, 0.4, 0.6) for kind in ("precision", "recall", "f1") for name in names}
    card: Card = run.card.model_copy(
        update={
            "target": Classes(names=names),
            "metrics": {"test/accuracy": Measured(0.5, 0.4, 0.6), **kinds},
            "data": {"name": "many", "pictures": {"train": 3 * count}, "train_counts": dict.fromkeys(names, 3)},
        }
    )
    pictures = tuple(WrongPicture(name=f"test/{place:05d}", severity=0.9) for place in range(12))
    groups = tuple(
        Group(kind="class", target=names[place], prediction=names[place + 1], count=12, pictures=pictures)
        for place in range(200)
    )
    judgement = Judgement(split="test", images=3 * count, wrong=2400, how="are wrong", groups=groups, more_groups=5000)
    plain = evidence_of(run, run.card, None)
    dataset = Dataset("many", "many", "classification", card.target, splits)
    evidence = Evidence(run, card, plain.settings, {}, plain.rows, judgement, dataset, [])
    text = report_html(evidence)
    assert len(text.encode()) < 5_000_000
    assert "<i>" not in text.replace('<i style="width', "")
    assert "5,000 more are rarer still" in text
    opened = re.findall(r'id="(mistaken-\d+)"', text)
    assert (len(opened), len(set(opened))) == (40, 40)
    assert json.dumps(names[199])[1:-1].replace("<i>", "&lt;i&gt;") in text
