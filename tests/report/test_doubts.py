"""The part about labels that may be wrong, and the file it is made of."""

import shutil
from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.pages.pictures import Room
from convsight.report.doubts import DoubtedLabel, DoubtedLabels, doubts_file, read_doubts, write_doubts
from convsight.report.evidence import Evidence, evidence_of
from convsight.report.parts.doubts import doubts_part
from convsight.report.report import report_html
from convsight.report.shown import Shown
from convsight.run import Run

MARKUP = "dark <b>"


@pytest.fixture
def evidence(photos_run: Run, tmp_path: Path) -> Evidence:
    run = Run(Path(shutil.copytree(photos_run.path, tmp_path / "run")))
    return evidence_of(run, run.card)


def _shown(evidence: Evidence) -> Shown:
    return Shown(evidence.dataset, evidence.card.input, 100.0, Room(1_000_000))


def _doubted(evidence: Evidence, count: int) -> DoubtedLabels:
    assert evidence.dataset is not None
    split = evidence.dataset.split("train")
    labels = tuple(
        DoubtedLabel(
            split="train",
            name=split.names[row % len(split)],
            given=MARKUP,
            likely="bright",
            given_probability=0.01,
            likely_probability=0.98 - row / 1000,
        )
        for row in range(count)
    )
    return DoubtedLabels(looked_at=60, wrong=0.05, labels=labels)


def test_pictures_stand_with_both_labels_and_how_sure(evidence: Evidence) -> None:
    write_doubts(evidence.run, _doubted(evidence, 40))
    part = doubts_part(evidence, _shown(evidence))
    assert part is not None
    text = str(part.drawn)
    assert "40 labels of 60 are doubted" in text
    assert "about 5.0% may be wrong" in text
    assert text.count("data:image/") == 36
    assert "labelled dark &lt;b&gt; (0.010)<br>rather bright (0.980)" in text
    assert "<b>" not in text
    assert text.index("0.980") < text.index("0.979")
    assert "4 more are in doubtful.json" in text


def test_the_page_has_the_part_where_somebody_looked(evidence: Evidence) -> None:
    assert 'id="doubts"' not in report_html(evidence)
    write_doubts(evidence.run, _doubted(evidence, 1))
    text = report_html(evidence)
    assert 'href="#doubts"' in text
    assert "1 label of 60 is doubted" in text


def test_what_was_not_doubted_is_said_too(evidence: Evidence) -> None:
    write_doubts(evidence.run, DoubtedLabels(looked_at=60, wrong=0))
    part = doubts_part(evidence, _shown(evidence))
    assert part is not None
    assert "0 labels of 60 are doubted" in str(part.drawn)
    assert "<ul" not in str(part.drawn)


def test_a_damaged_file_is_left_out_and_said(evidence: Evidence) -> None:
    assert read_doubts(evidence.run) is None
    doubts_file(evidence.run).write_text('{"looked_at": 3, "wrong": 7}')
    with pytest.raises(UserError, match="holds no doubted labels: at wrong"):
        read_doubts(evidence.run)
    assert doubts_part(evidence, _shown(evidence)) is None
    assert evidence.left_out[-1].startswith("labels that may be wrong: ")


def test_what_is_written_is_read(evidence: Evidence) -> None:
    found = _doubted(evidence, 2)
    write_doubts(evidence.run, found)
    assert read_doubts(evidence.run) == found
