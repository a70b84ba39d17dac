"""Verdicts: each is reached by construction, and the interval behind it is that of pairs."""

import numpy as np
import pytest

from convsight.explain.evidence.verdict import Judgement, Verdict, judge

NAMES = ("another picture", "centre blob", "edges")


def judged(gaps: tuple[float, float, float], pictures: int = 50, noise: float = 0.1, **more: bool) -> Judgement:
    """A method that is better than each reference by so much on average."""
    generator = np.random.default_rng(0)
    e = generator.uniform(0, 1, pictures)
    references = {
        name: e - gap - noise * generator.normal(size=pictures) for name, gap in zip(NAMES, gaps, strict=True)
    }
    return judge(e, references, **more)


def test_better_than_each_reference_is_faithful() -> None:
    found = judged((0.2, 0.1, 0.3))
    assert found.verdict == Verdict.FAITHFUL
    assert "centre blob" in found.why
    assert (found.pictures, found.defined) == (50, 50)
    assert found.least == found.beyond["centre blob"].low
    assert 0 < found.least < 0.1


@pytest.mark.parametrize("worse", range(3))
def test_as_good_as_one_reference_is_not_faithful(worse: int) -> None:
    gaps = [0.3, 0.3, 0.3]
    gaps[worse] = -0.2
    found = judged((gaps[0], gaps[1], gaps[2]))
    assert found.verdict == Verdict.CHANCE
    assert NAMES[worse] in found.why
    gaps[worse] = 0.0
    found = judged((gaps[0], gaps[1], gaps[2]))
    assert found.verdict in {Verdict.UNDECIDED, Verdict.CHANCE}
    assert NAMES[worse] in found.why


def test_a_method_that_is_a_reference_is_no_better_than_it() -> None:
    assert judged((0.3, 0.3, 0.0), noise=0).verdict == Verdict.CHANCE


def test_under_50_pictures_nothing_is_decided() -> None:
    found = judged((0.3, 0.3, 0.3), pictures=49)
    assert found.verdict == Verdict.UNDECIDED
    assert "49" in found.why
    assert found.least > 0


def test_e_undefined_for_too_many_decides_nothing() -> None:
    e = np.full(60, 0.9)
    e[:31] = np.nan
    references = dict.fromkeys(NAMES, e - 0.5)
    assert judge(e, references).verdict == Verdict.UNDECIDED
    assert judge(e, references).defined == 29
    e[30] = 0.9
    assert judge(e, dict.fromkeys(NAMES, e - 0.5)).verdict == Verdict.FAITHFUL
    nowhere = np.full(60, np.nan)
    found = judge(nowhere, dict.fromkeys(NAMES, nowhere))
    assert (found.verdict, found.e, found.least) == (Verdict.UNDECIDED, None, -1)


def test_a_reference_that_is_missing_decides_nothing() -> None:
    e = np.full(60, 0.9)
    found = judge(e, {"edges": e - 0.5, "centre blob": np.full(60, np.nan)})
    assert found.verdict == Verdict.UNDECIDED
    assert "centre blob" in found.why


def test_randomised_weights_have_the_last_word_where_there_are_enough_pictures() -> None:
    assert judged((0.3, 0.3, 0.3), depends=False).verdict == Verdict.OTHER_CAUSE
    assert judged((0.3, 0.3, 0.3), depends=True).verdict == Verdict.FAITHFUL
    assert judged((0.3, 0.3, 0.3), depends=False, pictures=49).verdict == Verdict.UNDECIDED


def test_the_interval_is_that_of_pairs() -> None:
    # Pictures differ by far more than a method from a reference on the same one.
    e = np.random.default_rng(1).uniform(-1, 1, 50)
    gap = 0.02 + 0.01 * np.random.default_rng(2).normal(size=50)
    found = judge(e, dict.fromkeys(NAMES, e - gap))
    assert found.verdict == Verdict.FAITHFUL
    error = gap.std(ddof=1) / np.sqrt(50)
    interval = found.beyond["edges"]
    assert interval.value == pytest.approx(gap.mean())
    assert (interval.low, interval.high) == pytest.approx(
        (gap.mean() - 1.96 * error, gap.mean() + 1.96 * error), abs=1e-3
    )


def test_a_reference_that_is_a_little_better_by_chance_alone_decides_nothing() -> None:
    e = np.full(50, 0.5)
    beside = e - np.tile([0.09, -0.1], 25)
    found = judge(e, {"another picture": e - 0.3, "centre blob": e - 0.3, "edges": beside})
    assert found.beyond["edges"].value < 0 < found.beyond["edges"].high
    assert found.verdict == Verdict.UNDECIDED
    assert "edges" in found.why
