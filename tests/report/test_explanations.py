"""The part about explanations, of a ranking as it is stored."""

import shutil
from pathlib import Path

import pytest

from convsight.explain.evidence.place import model_fingerprint, ranking_file
from convsight.explain.evidence.ranking import OnPicture, RankedPicture, Ranking, RankingKey, write_ranking
from convsight.report.evidence import evidence_of
from convsight.report.parts.explanations import explanations_part
from convsight.run import Run


@pytest.fixture
def run(photos_run: Run, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(photos_run.path, tmp_path / "run")))


def _ranking(model: str) -> Ranking:
    good = OnPicture(e=0.6, e_mean=0.5, other=0.1, road=0.2, seconds=0.1)
    bad = OnPicture(e=0.1, e_mean=0.1, other=0.2, road=0.0, seconds=0.1)
    pictures = tuple(
        RankedPicture(
            name=f"{n}.png", about="dark", score=0.9, blob=0.2, edges=0.2, methods={"best": good, "worst": bad}
        )
        for n in range(60)
    )
    return Ranking(of=RankingKey(model=model, net="lecture3", data="photos", wanted=60, seed=0), pictures=pictures)


def test_methods_stand_with_their_verdicts_the_most_trusted_first(run: Run) -> None:
    write_ranking(_ranking(model_fingerprint(run.card)), ranking_file(run.path))
    part = explanations_part(evidence_of(run, run.card))
    assert part is not None
    text = str(part.drawn)
    assert "60 pictures of photos" in text
    assert text.index("faithful") < text.index("no better than chance")
    assert text.index(">best<") < text.index(">worst<")
    assert ">0.600<" in text


def test_without_a_ranking_of_this_network_there_is_no_part(run: Run) -> None:
    evidence = evidence_of(run, run.card)
    assert explanations_part(evidence) is None
    write_ranking(_ranking("of another network"), ranking_file(run.path))
    assert explanations_part(evidence) is None
    left = len(evidence.left_out)
    ranking_file(run.path).write_text("{")
    assert explanations_part(evidence) is None
    assert evidence.left_out[left:][0].startswith("explanations: ")
