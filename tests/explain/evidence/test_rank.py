"""Rankings: what is called faithful and what never is, what is kept when a ranking is stopped, whose ranking it is."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.explain.evidence.additive import SIDE, Redness, pictures
from tests.explain.evidence.toy_methods import TOYS, TrueMap

from convsight.card import Card
from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.explain.evidence.choice import by_ranking
from convsight.explain.evidence.company import Company, company_of
from convsight.explain.evidence.judged_picture import JudgedPicture
from convsight.explain.evidence.rank import RankOptions, rank
from convsight.explain.evidence.ranking import Ranking, read_ranking
from convsight.explain.evidence.verdict import Verdict
from convsight.explain.explain import ExplainedModel, map_of
from convsight.explain.method import METHODS, MethodOptions, make_method
from convsight.inputs import ImageInput
from convsight.progress import Listener, Silent, Status
from convsight.results import Labels
from convsight.runtime.find_network import NetworkName
from convsight.runtime.model import Model
from convsight.targets import Classes

CLASSES = Classes(names=("red", "grey"))


@pytest.fixture(autouse=True)
def toy_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(METHODS):
        if name != "occlusion":
            monkeypatch.delitem(METHODS, name)
    for name, entry in TOYS.items():
        monkeypatch.setitem(METHODS, name, entry)
    TrueMap.made.clear()


@pytest.fixture
def network(tmp_path: Path) -> ExplainedModel:
    spec = ImageInput(height=SIDE, width=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3)
    card = Card(task="classification", net="small", target=CLASSES, input=spec)
    return ExplainedModel(Model(card, Redness(), NetworkName(tmp_path)))


def data(count: int) -> Dataset:
    images = np.stack(list(pictures(count)))
    split = Split(UNSPLIT, images, Labels(np.zeros(count, np.int64), CLASSES.names), [str(i) for i in range(count)])
    return Dataset("patches", "patches in memory", "classification", CLASSES, {UNSPLIT: split})


class Stopping(Listener):
    """Stops, as Ctrl-C does, after so many pictures."""

    def __init__(self, after: int) -> None:
        self.left = after

    def say(self, text: str) -> None: ...

    def epoch(self, number: int, text: str) -> None: ...

    def training(self) -> AbstractContextManager[Callable[[Status], None]]:
        raise AssertionError("nothing is trained")

    @contextmanager
    def counting(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        def advance(done: int) -> None:
            self.left -= done
            if self.left == 0:
                raise KeyboardInterrupt

        yield advance


def numbers(ranking: Ranking) -> object:
    """All that was measured but the time it took."""
    rows = {
        picture.name: (
            picture.blob,
            {name: row.model_copy(update={"seconds": 0}) for name, row in picture.methods.items()},
        )
        for picture in ranking.pictures
    }
    return rows, ranking.examples, ranking.left_out, ranking.unread, ranking.checks, ranking.judgements


def test_the_true_map_is_faithful_and_no_other_is(network: ExplainedModel) -> None:
    others = ["Numbers", "EdgeFilter", "OtherPicture", "OtherClass"]
    ranking = rank(network, RankOptions(data(60), 50, ["Numbers", "TrueMap", *others[1:]]), Silent())
    found = ranking.judgements
    assert len(ranking.pictures) == 50
    assert next(iter(found)) == "TrueMap"
    assert found["TrueMap"].verdict is Verdict.FAITHFUL
    assert {name: found[name].verdict for name in others} == dict.fromkeys(others, Verdict.CHANCE)
    assert "edges" in found["EdgeFilter"].why
    assert by_ranking(ranking).method == "TrueMap"
    assert "faithful on 50 pictures" in by_ranking(ranking).words
    rows = ranking.rows("TrueMap")
    assert all(row.untold == pytest.approx(0, abs=0.2) and row.road > 0.1 for row in rows)
    assert all(row.untold is None for row in ranking.rows("EdgeFilter"))
    checks = ranking.checks
    assert checks["TrueMap"].stability is None
    assert checks["Numbers"].stability == pytest.approx(0, abs=0.2)
    assert checks["TrueMap"].sensitivity == pytest.approx(0.05, abs=0.05)
    assert checks["Numbers"].sensitivity == pytest.approx(np.sqrt(2), abs=0.2)


def test_what_was_stopped_goes_on_where_it_was(network: ExplainedModel, tmp_path: Path) -> None:
    options = RankOptions(data(9), 9, ["TrueMap", "Numbers"])
    whole = rank(network, options, Silent())
    file = tmp_path / "explain_ranking.json"
    file.unlink()
    with pytest.raises(KeyboardInterrupt):
        rank(network, options, Stopping(6))
    stopped = read_ranking(file)
    order = [picture.name for picture in whole.pictures]
    assert stopped is not None
    assert [picture.name for picture in stopped.pictures] == order[:6]
    TrueMap.made.clear()
    again = rank(network, options, Silent())
    assert numbers(again) == numbers(whole)
    assert read_ranking(file) == again
    patches = [picture.tobytes() for picture in pictures(9)]
    images = [patches[int(name)] for name in order]
    assert [TrueMap.made[each] > 0 for each in images[3:]] == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]  # three are checked
    TrueMap.made.clear()
    assert rank(network, options, Silent()) == again
    assert not TrueMap.made


def test_a_method_more_is_measured_alone(network: ExplainedModel) -> None:
    rank(network, RankOptions(data(4), 4, ["TrueMap"]), Silent())
    TrueMap.made.clear()
    both = rank(network, RankOptions(data(4), 4, ["TrueMap", "Numbers"]), Silent())
    assert both.methods == ["TrueMap", "Numbers"]
    assert not TrueMap.made


def test_other_data_and_another_model_are_ranked_anew(network: ExplainedModel) -> None:
    first = rank(network, RankOptions(data(3), 3, ["TrueMap"]), Silent())
    assert company_of(network).ranking == first
    renamed = replace(data(4), source="others in memory")
    other = rank(network, RankOptions(renamed, 3, ["TrueMap"]), Silent())
    assert other.of.data == "others in memory"
    assert company_of(network).ranking == other
    card = network.model.card.model_copy(update={"data": {"name": "other"}})
    assert company_of(ExplainedModel(Model(card, Redness(), network.model.origin))).ranking is None


def test_pictures_in_a_folder_and_an_unreadable_one_among_them(network: ExplainedModel, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for place, picture in enumerate(pictures(3)):
        Image.fromarray(picture).save(folder / f"{place}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    ranking = rank(network, RankOptions(folder, 50, ["TrueMap"]), Silent())
    assert len(ranking.pictures) == 3
    assert [Path(name).name for name in ranking.unread] == ["broken.png"]
    assert ranking.judgements["TrueMap"].verdict is Verdict.UNDECIDED
    assert "3 pictures" in ranking.judgements["TrueMap"].why


def test_a_method_that_does_not_apply_is_left_out_and_says_why(network: ExplainedModel) -> None:
    ranking = rank(network, RankOptions(data(3), 3, ["Refusing", "TrueMap"]), Silent())
    assert ranking.methods == ["TrueMap"]
    assert "no layer of that kind" in ranking.left_out["Refusing"]
    with pytest.raises(UserError, match="no layer of that kind"):
        rank(network, RankOptions(data(2), 2, ["Refusing"]), Silent())
    with pytest.raises(UserError, match="did you mean TrueMap"):
        rank(network, RankOptions(data(2), 2, ["TrueMaps"]), Silent())


def test_a_damaged_file_is_told(network: ExplainedModel, tmp_path: Path) -> None:
    ranking = rank(network, RankOptions(data(2), 2, ["TrueMap"]), Silent())
    file = tmp_path / "explain_ranking.json"
    document = json.loads(file.read_text())
    assert list(document) == ["version", "verdicts", "ranking"]
    assert document["verdicts"]["TrueMap"]["verdict"] == "undecided"
    document["verdicts"]["TrueMap"]["verdict"] = "faithful"  # what follows from the record is not believed
    file.write_text(json.dumps(document))
    assert read_ranking(file) == ranking
    document["ranking"]["pictures"][0]["score"] = "high"
    file.write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"explain_ranking\.json is no ranking, at 'ranking\.pictures\.0\.score'"):
        read_ranking(file)


def test_without_a_ranking_occlusion_explains_what_has_no_gradients(network: ExplainedModel) -> None:
    assert company_of(network).ranking is None
    choice = company_of(network).choice(network)
    assert choice.method == "occlusion"
    assert "--rank" in choice.words


def test_later_maps_have_the_verdict_and_an_example_beside_them(network: ExplainedModel) -> None:
    ranking = rank(network, RankOptions(data(50), 50, ["TrueMap"]), Silent())
    subject = network.subject(next(pictures(1, seed=9)))
    found = map_of(subject, "TrueMap", make_method("TrueMap", MethodOptions()))
    told = Company(ranking).judged(found, subject).evidence
    assert told["verdict"].startswith("faithful on 50 pictures")
    assert told["ranking"]["data"] == "patches in memory"
    example = np.array(ranking.examples["TrueMap"])
    assert told["picture"]["references"]["another picture"] == JudgedPicture(subject).e(example)
    assert told["picture"]["rank"] == 1


def test_without_a_ranking_the_picture_before_is_the_other_one(network: ExplainedModel) -> None:
    company = Company()
    told = []
    for picture in pictures(2):
        subject = network.subject(picture)
        found = map_of(subject, "TrueMap", make_method("TrueMap", MethodOptions()))
        told.append(company.judged(found, subject).evidence["picture"]["references"])
    assert list(told[0]) == ["centre blob", "edges"]
    assert list(told[1]) == ["another picture", "centre blob", "edges"]
