"""Runs side by side: every test beside what can be counted from the runs themselves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from tests.browser import Browser, browser
from tests.training.heard import Heard

import convsight
from convsight.errors import UserError
from convsight.report.compare import compare_runs, in_words
from convsight.report.compare_page import compare_html
from convsight.report.compare_verb import show_runs_side_by_side
from convsight.report.judgement import read_judgement
from convsight.run import Run

FAST: dict[str, Any] = {"size": 16, "export": False, "report": False, "quiet": True, "test_fraction": 0.5}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark and bright images; a fifth of them lie in the wrong folder, so that nobody gets all of them right."""
    folder, random = tmp_path_factory.mktemp("data") / "lights <b>", np.random.default_rng(0)
    for index in range(100):
        level = 60 if (index % 2 == 0) != (index % 5 == 0) else 190
        name = "dark" if index % 2 == 0 else "bright"
        (folder / name).mkdir(parents=True, exist_ok=True)
        noise = random.integers(-60, 60, (16, 16, 3)) + level
        Image.fromarray(noise.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Run]:
    """A good one, one that has hardly learnt, and one with another cut."""
    place = tmp_path_factory.mktemp("runs")
    return (
        convsight.train(data, net="lecture3", epochs=6, run=str(place / "long"), **FAST),
        convsight.train(data, net="mlp", epochs=1, lr=1e-5, run=str(place / "short"), **FAST),
        convsight.train(data, net="lecture3", epochs=1, seed=1, run=str(place / "other"), **FAST),
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def _wrong(run: Run) -> set[str]:
    found = read_judgement(run)
    assert found is not None
    return {worst.name for worst in found.worst} | {
        picture.name for group in found.groups for picture in group.pictures
    }


def test_mcnemar_counts_what_only_one_gets_right(runs: tuple[Run, Run, Run]) -> None:
    long, short, _ = runs
    found = compare_runs([str(long.path), str(short.path)], Heard())
    (test,) = found.tests
    assert test.found is not None
    assert found.disputed
    only_long = sum(each.said["long"] == "right" for each in found.disputed)
    only_short = found.disputes - only_long
    assert test.found.p == pytest.approx(stats.binomtest(only_short, found.disputes, 0.5).pvalue)
    reached = [run.metrics["test/accuracy"].value for run in (long, short)]
    assert test.found.difference.value == pytest.approx(reached[1] - reached[0])
    assert f"{only_long:,} only long" in in_words(test)
    assert ("worse" in in_words(test)) == (reached[1] < reached[0])


def test_those_who_differ_are_those_that_one_gets_wrong(runs: tuple[Run, Run, Run]) -> None:
    long, short, _ = runs
    found = compare_runs([str(long.path), str(short.path)], Heard())
    for each in found.disputed:
        right = {name: said == "right" for name, said in each.said.items()}
        assert sorted(right.values()) == [False, True]
        wrong = "short" if right["long"] else "long"
        assert "told as" in each.said[wrong]
    # `judged.json` names up to 12 pictures of a kind of mistake, so that it knows some of them, and no other.
    right_long = {each.name for each in found.disputed if each.said["long"] == "right"}
    assert not right_long & _wrong(long)


def test_a_network_beside_itself(runs: tuple[Run, Run, Run]) -> None:
    long, *_ = runs
    found = compare_runs([str(long.path), str(long.path)], Heard())
    (test,) = found.tests
    assert test.found is not None
    assert (test.found.difference.value, test.found.p, found.disputes) == (0.0, 1.0, 0)
    assert found.settings == {}


def test_other_test_images_are_said_and_nothing_is_tested(runs: tuple[Run, Run, Run]) -> None:
    long, _, other = runs
    (test,) = compare_runs([str(long.path), str(other.path)], Heard()).tests
    assert test.found is None
    assert "images differ" in test.why
    assert "no test" in in_words(test)


def test_data_that_have_moved_are_said(runs: tuple[Run, Run, Run], data: Path) -> None:
    long, short, _ = runs
    moved = data.rename(data.with_name("moved"))
    try:
        found = compare_runs([str(long.path), str(short.path)], Heard())
    finally:
        moved.rename(data)
    (test,) = found.tests
    assert test.found is None
    assert "no longer at" in test.why
    assert len(found.metrics) >= 5
    assert "lecture3" in compare_html(found)


def test_what_cannot_be_compared(runs: tuple[Run, Run, Run]) -> None:
    with pytest.raises(UserError, match="two runs or more"):
        compare_runs([str(runs[0].path)], Heard())
    with pytest.raises(UserError, match="is not a run folder"):
        compare_runs([str(runs[0].path), "nowhere"], Heard())


def test_json_and_page(
    page: Browser, runs: tuple[Run, Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(run.path) for run in runs]
    show_runs_side_by_side(paths, "json", tmp_path / "compare.html")
    document = json.loads(capsys.readouterr().out)
    assert [each["net"] for each in document["runs"]] == ["lecture3", "mlp", "lecture3"]
    assert document["runs"][1]["metrics"]["test/accuracy"]["value"] == runs[1].metrics["test/accuracy"].value
    assert document["settings"]["seed"] == ["0", "0", "1"]
    assert document["settings"]["epochs"] == ["6", "1", "1"]
    tested, why = document["tests"]
    assert tested["beside"] == why["beside"] == "long"
    assert "why" in why
    for width, scheme in ((390, "dark"), (1300, "light")):
        page.open((tmp_path / "compare.html").as_uri(), width, scheme)
        assert page.sideways() == 0
        assert page.run("document.scripts.length") == 0
        assert page.run('[...document.images].every((one) => one.naturalWidth > 0 && one.alt !== "")')
        assert page.run('document.querySelectorAll(".chart").length') == 2
        assert page.run('document.querySelectorAll("#pictures").length') == 1


def test_the_table(runs: tuple[Run, Run, Run], capsys: pytest.CaptureFixture[str]) -> None:
    show_runs_side_by_side([str(run.path) for run in runs[:2]], "table", None)
    told = capsys.readouterr().out
    for words in ("test accuracy", "parameters", "epochs", "McNemar", "that some get right and others do not"):
        assert words in told
