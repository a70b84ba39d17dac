import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as oracle

from convsight.results import Label, LabelSet, LabelSets
from convsight.tasks.multilabel.light.average_precision import PositiveRanking
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics

CLASSES = ("cat", "half/open", "sky", "sea")
Floats = NDArray[np.float64]


def scenes(images: int, seed: int = 0, digits: int = 2) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """What is true, probabilities with ties, and thresholds."""
    random = np.random.default_rng(seed)
    present = random.random((images, 4)) < [0.3, 0.1, 0.6, 0.25]
    given = np.round(np.clip(0.35 * present + random.normal(0.35, 0.2, present.shape), 0.01, 0.99), digits)
    return present, given.astype(np.float64), np.array([0.5, 0.45, 0.52, 0.6])


def judged(present: NDArray[np.bool_], given: Floats, thresholds: Floats) -> LabelSetMetrics:
    found = LabelSetMetrics(CLASSES)
    for target, row in zip(LabelSets(present, CLASSES), given, strict=True):
        found.update(target, LabelSet(CLASSES, row, thresholds))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_every_number_is_that_of_scikit_learn(seed: int) -> None:
    present, given, thresholds = scenes(150, seed)
    said = given >= thresholds
    found = {name: each.value for name, each in judged(present, given, thresholds).compute(intervals=False).items()}
    expected = {
        "mAP": oracle.average_precision_score(present, given, average="macro"),
        "micro_f1": oracle.f1_score(present, said, average="micro"),
        "macro_f1": oracle.f1_score(present, said, average="macro"),
        "exact_match": oracle.accuracy_score(present, said),
        "log_loss": np.mean([oracle.log_loss(present[:, k], given[:, k], labels=[0, 1]) for k in range(4)]),
    }
    for k, name in enumerate(CLASSES):
        expected[f"AP/{name}"] = oracle.average_precision_score(present[:, k], given[:, k])
        expected[f"f1/{name}"] = oracle.f1_score(present[:, k], said[:, k])
        expected[f"precision/{name}"] = oracle.precision_score(present[:, k], said[:, k])
        expected[f"recall/{name}"] = oracle.recall_score(present[:, k], said[:, k])
    assert found == pytest.approx(expected, abs=1e-12)


def test_average_precision_of_weighted_images_is_that_of_scikit_learn() -> None:
    present, given, _ = scenes(80, digits=1)
    weights = np.random.default_rng(1).integers(0, 4, (5, 80)).astype(np.float64)
    for k in range(4):
        found = PositiveRanking(present[:, k], given[:, k]).precision(weights)
        expected = [oracle.average_precision_score(present[:, k], given[:, k], sample_weight=row) for row in weights]
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_what_is_undefined_is_left_out() -> None:
    present, given, thresholds = scenes(40)
    present[:, 1] = False
    given[:, 1] = 0.0
    found = judged(present, given, thresholds).compute()
    assert not {f"{kind}/half/open" for kind in ("AP", "f1", "precision", "recall")} & found.keys()
    rest = [0, 2, 3]
    assert found["mAP"].value == pytest.approx(
        oracle.average_precision_score(present[:, rest], given[:, rest], average="macro")
    )
    said = given[:, rest] >= thresholds[rest]
    assert found["macro_f1"].value == pytest.approx(oracle.f1_score(present[:, rest], said, average="macro"))


def test_no_interval_where_one_label_has_too_few_images() -> None:
    present, given, thresholds = scenes(60)
    present[:, 1] = np.arange(60) < 4
    found = judged(present, given, thresholds).compute()
    assert found["AP/half/open"].low == found["AP/half/open"].high
    assert found["mAP"].low == found["mAP"].high
    assert found["macro_f1"].low == found["macro_f1"].high
    assert found["AP/cat"].low < found["AP/cat"].value < found["AP/cat"].high
    assert found["micro_f1"].low < found["micro_f1"].value < found["micro_f1"].high


def test_a_label_that_no_image_has_takes_no_interval_away() -> None:
    present, given, thresholds = scenes(60)
    present[:, 1] = False
    found = judged(present, given, thresholds).compute()
    for name in ("mAP", "macro_f1"):
        assert found[name].low < found[name].value < found[name].high


def test_thresholds_are_those_of_the_calibration() -> None:
    present, given, thresholds = scenes(120)
    metrics = judged(present, given, thresholds)
    calibration = metrics.calibration()
    assert list(calibration) == [f"threshold/{name}" for name in CLASSES]
    best = metrics.calibrated(calibration).compute(intervals=False)
    plain = metrics.compute(intervals=False)
    assert best["mAP"] == plain["mAP"]
    for name in ("cat", "sky"):
        assert best[f"f1/{name}"].value >= plain[f"f1/{name}"].value
    said = given >= np.array(list(calibration.values()))
    assert best["micro_f1"].value == pytest.approx(oracle.f1_score(present, said, average="micro"))


def test_others_are_refused() -> None:
    metrics = LabelSetMetrics(CLASSES)
    with pytest.raises(ValueError, match="nothing to measure"):
        metrics.compute()
    with pytest.raises(TypeError, match="two label sets"):
        metrics.update(Label.certain(0, CLASSES), Label.certain(0, CLASSES))
    other = LabelSets(np.ones((1, 1), np.bool_), ("cat",))[0]
    with pytest.raises(ValueError, match="cannot be judged"):
        metrics.update(other, other)


# Of 40 simulated judgements; `benchmarks/coverage.py` tells such shares to a point.
@pytest.mark.parametrize("images", [60, pytest.param(250, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth(images: int) -> None:
    present, given, thresholds = scenes(10_000, seed=9, digits=6)
    truth = judged(present, given, thresholds).compute(intervals=False)
    names = ("mAP", "micro_f1", "macro_f1", "exact_match", "log_loss", "AP/cat", "AP/sky", "f1/cat", "recall/sea")
    held: dict[str, list[bool]] = {name: [] for name in names}
    random = np.random.default_rng(0)
    for _ in range(40):
        rows = random.integers(0, len(present), images)
        found = judged(present[rows], given[rows], thresholds).compute()
        for name in names:
            if found[name].low < found[name].high:
                held[name].append(found[name].low <= truth[name].value <= found[name].high)
    for name, each in held.items():
        assert len(each) > 20
        assert np.mean(each) >= 0.85, name
