import math
from collections.abc import Sequence

import pytest

from convsight.metrics import Measured, Metric
from convsight.settings import TrainSettings
from convsight.training.advice import Advice, Untried, advise

ACCURACY = Metric("accuracy")
ERROR = Metric("endpoint_error", "lower", perfect=0.0)
SETTINGS = TrainSettings(data="photos")
UNTRIED = Untried()
RISEN = [0.5, 0.7, 0.8, 0.86, 0.89, 0.9, 0.905, 0.908, 0.91, 0.91]


def score(value: float, half_width: float = 0.01) -> Measured:
    return Measured(value, value - half_width, value + half_width)


def judged(
    curve: Sequence[float],
    train: Measured,
    val: Measured,
    *,
    baseline: float = 0.1,
    best: int | None = None,
    losses: Sequence[float] | None = None,
    metric: Metric = ACCURACY,
    settings: TrainSettings = SETTINGS,
    untried: Untried = UNTRIED,
) -> Advice:
    losses = losses or [2 / epoch for epoch in range(1, len(curve) + 1)]
    rows = [
        {"epoch": epoch, "train/loss": loss, f"val/{metric.name}": value}
        for epoch, (value, loss) in enumerate(zip(curve, losses, strict=True), start=1)
    ]
    chosen = max(curve) if metric.better == "higher" else min(curve)
    best = best or list(curve).index(chosen) + 1
    return advise(
        rows,
        metric,
        best,
        train_score=train,
        val_score=val,
        baseline=baseline,
        settings=settings,
        untried=untried,
    )


def test_a_gap_beyond_noise_is_overfitting() -> None:
    advice = judged(RISEN, score(0.99), score(0.91))
    assert advice.verdict == "overfits"
    assert "0.990 on training images but 0.910 on validation images" in advice.text
    assert "--augment strong" in advice.text
    assert "--weight-decay" in advice.text


def test_the_same_gap_within_wide_intervals_is_not() -> None:
    assert judged(RISEN, score(0.99, 0.02), score(0.91, 0.1)).verdict == "fits"


@pytest.mark.parametrize(("train", "verdict"), [(0.926, "fits"), (0.928, "overfits")])
def test_a_certain_gap_must_exceed_three_hundredths_of_the_room_above_the_baseline(train: float, verdict: str) -> None:
    assert judged([0.8, 0.9, 0.9], score(train, 0.0001), score(0.9, 0.0001), baseline=0.1).verdict == verdict


@pytest.mark.parametrize(("train", "verdict"), [(0.951, "overfits"), (0.949, "fits")])
def test_the_noise_of_both_scores_adds_in_squares(train: float, verdict: str) -> None:
    assert judged(RISEN, score(train, 0.03), score(0.9, 0.04)).verdict == verdict


def test_what_is_used_already_is_not_suggested() -> None:
    assert "--augment" not in judged(RISEN, score(0.99), score(0.91), untried=Untried(varies=False)).text


@pytest.mark.parametrize("train", [0.7, 0.99])
def test_a_variation_that_would_do_nothing_is_not_suggested(train: float) -> None:
    curve, val = [0.65, 0.68, 0.69, 0.69], score(0.69, 0.02)
    assert "--augment" in judged(curve, score(train), val).text
    assert "--augment" not in judged(curve, score(train), val, untried=Untried(augments=False)).text


def test_falling_validation_is_overfitting_though_the_kept_epoch_has_no_gap() -> None:
    curve = [0.6, 0.8, 0.9, 0.89, 0.87, 0.85, 0.84, 0.83, 0.82, 0.81]
    advice = judged(curve, score(0.91), score(0.9))
    assert advice.verdict == "overfits"
    assert "After epoch 3 of 10" in advice.text
    assert "worse by 0.090" in advice.text
    assert "epoch 3 is kept" in advice.text


def test_falling_within_noise_is_not() -> None:
    assert judged([0.6, 0.8, 0.9, 0.9, 0.87, 0.87], score(0.92, 0.04), score(0.9, 0.04)).verdict == "fits"


def test_a_certain_but_tiny_fall_is_not() -> None:
    assert judged([0.8, 0.9, 0.9, 0.89, 0.89], score(0.9, 0.001), score(0.9, 0.001)).verdict == "fits"


def test_falling_while_the_training_loss_rises_is_not() -> None:
    curve, losses = [0.6, 0.8, 0.9, 0.5, 0.4], [2.0, 1.0, 0.5, 1.5, 1.8]
    assert judged(curve, score(0.91), score(0.9), losses=losses).verdict == "fits"


def test_poor_on_the_training_images_is_underfitting() -> None:
    advice = judged([0.5, 0.57, 0.59, 0.6, 0.6], score(0.61), score(0.6))
    assert advice.verdict == "underfits"
    assert "0.610 on training images and 0.600 on validation images" in advice.text
    assert "a larger --net, --epochs 10" in advice.text


def test_how_poor_is_measured_from_the_baseline() -> None:
    curve, train, val = [0.9, 0.92, 0.92], score(0.92, 0.002), score(0.92, 0.002)
    assert judged(curve, train, val, baseline=0.1).verdict == "fits"
    assert judged(curve, train, val, baseline=0.9).verdict == "underfits"


def test_minutes_are_suggested_to_whom_counts_in_minutes() -> None:
    settings = TrainSettings(data="photos", minutes=2.5)
    text = judged([0.5, 0.57, 0.59, 0.6, 0.6], score(0.61), score(0.6), settings=settings).text
    assert "--minutes 5" in text
    assert "--epochs" not in text


def test_neither_names_what_could_still_be_gained() -> None:
    advice = judged(RISEN, score(0.93), score(0.91))
    assert advice.verdict == "fits"
    assert advice.text.startswith("The network neither under- nor overfits")
    assert "more images" in advice.text


def test_a_perfect_run_is_left_alone() -> None:
    advice = judged([0.9, 1.0, 1.0], Measured(1.0, 1.0, 1.0), Measured(1.0, 1.0, 1.0), best=3)
    assert advice.verdict == "fits"
    assert advice.text.endswith("There is little left to gain.")
    assert "--" not in advice.text


def test_a_curve_that_still_rises_was_cut_short() -> None:
    curve = [0.1 * epoch for epoch in range(1, 9)]
    advice = judged(curve, score(0.82), score(0.8))
    assert advice.verdict == "cut short"
    assert "still improved by 0.100" in advice.text
    assert advice.text.endswith("Try --epochs 16.")


def test_a_rise_comes_before_a_gap() -> None:
    assert judged([0.5, 0.6, 0.7], score(0.9), score(0.7)).verdict == "cut short"


def test_the_last_tenth_of_the_epochs_counts_together() -> None:
    curve = [0.7] * 27 + [0.71, 0.72, 0.73]
    assert judged(curve, score(0.74), score(0.73)).verdict == "cut short"
    assert judged([*curve[:27], 0.7, 0.7, 0.71], score(0.72), score(0.71)).verdict == "underfits"


def test_a_rise_out_of_a_dip_is_not_cut_short() -> None:
    assert judged([0.8, 0.9, 0.9, 0.6, 0.9], score(0.91), score(0.9)).verdict == "fits"


def test_a_rise_within_noise_is_not_cut_short() -> None:
    assert judged([0.8, 0.88, 0.9, 0.92], score(0.93, 0.05), score(0.92, 0.05)).verdict == "fits"


def test_one_epoch_is_cut_short() -> None:
    advice = judged([0.6], score(0.61), score(0.6))
    assert advice.verdict == "cut short"
    assert "One epoch makes no curve" in advice.text
    assert advice.text.endswith("Try --epochs 5.")


def test_a_best_epoch_long_before_the_last_is_mentioned_and_no_more_epochs_suggested() -> None:
    curve = [0.7, 0.9, *[0.9] * 18]
    early, late = (judged(curve, score(0.91), score(0.9), best=best).text for best in (10, 11))
    assert "Nothing improved after epoch 10 of 20" in early
    assert "--epochs" not in early
    assert "Nothing improved" not in late
    assert "--epochs 40" in late


def test_noise_is_not_mentioned_where_no_intervals_are_known() -> None:
    assert "noise" in judged(RISEN, score(0.92), score(0.91)).text
    assert "noise" not in judged(RISEN, score(0.92, 0), score(0.91, 0)).text


@pytest.mark.parametrize(("low", "verdict"), [(0.625, "no better than the baseline"), (0.626, "underfits")])
def test_the_whole_interval_must_beat_the_baseline(low: float, verdict: str) -> None:
    val = Measured(0.65, low, 0.675)
    advice = judged([0.64, 0.65, 0.65], score(0.65), val, baseline=0.625)
    assert advice.verdict == verdict
    if low == 0.625:
        assert "baseline of 0.625" in advice.text
        assert "--lr" in advice.text


def test_learned_by_heart_and_no_better_than_the_baseline() -> None:
    advice = judged([0.62, 0.63, 0.62], score(0.99), score(0.63, 0.03), baseline=0.625)
    assert advice.verdict == "no better than the baseline"
    assert "by heart" in advice.text
    assert "more images" in advice.text


@pytest.mark.parametrize(
    ("curve", "train", "val", "verdict"),
    [
        ([0.9, 0.3, 0.2, 0.2], 0.19, 0.2, "underfits"),
        ([0.9, 0.3, 0.2, 0.2], 0.02, 0.2, "overfits"),
        ([0.9, 0.2, 0.1, 0.1], 0.09, 0.1, "fits"),
        ([0.9, 0.7, 0.5, 0.3], 0.28, 0.3, "cut short"),
        ([0.2, 0.1, 0.15, 0.19], 0.1, 0.1, "overfits"),
        ([1.1, 1.0, 1.0], 1.0, 1.0, "no better than the baseline"),
    ],
)
def test_metrics_of_which_less_is_better(curve: list[float], train: float, val: float, verdict: str) -> None:
    advice = judged(curve, score(train), score(val), baseline=1.0, metric=ERROR)
    assert advice.verdict == verdict
    assert "endpoint error" in advice.text


@pytest.mark.parametrize("scale", [0.001, 1.0, 400.0])
@pytest.mark.parametrize(
    ("curve", "train", "val", "verdict"),
    [
        ([0.9, 0.3, 0.2, 0.2], 0.19, 0.2, "underfits"),
        ([0.9, 0.3, 0.2, 0.2], 0.02, 0.2, "overfits"),
        ([0.9, 0.2, 0.1, 0.1], 0.09, 0.1, "fits"),
        ([0.9, 0.7, 0.5, 0.3], 0.28, 0.3, "cut short"),
        ([1.1, 1.0, 1.0], 1.0, 1.0, "no better than the baseline"),
    ],
)
def test_a_number_in_metres_is_judged_by_the_same_shares(
    scale: float, curve: list[float], train: float, val: float, verdict: str
) -> None:
    metric = Metric("rmse", "lower", perfect=0.0, span=scale, unit="m", share=False)
    scores = [score(value * scale, 0.01 * scale) for value in (train, val)]
    advice = judged([value * scale for value in curve], *scores, baseline=scale, metric=metric)
    assert advice.verdict == verdict
    assert f"{metric.text(train * scale, 3)} on training images" in advice.text


def test_numbers_of_large_range_have_no_more_digits_than_tell_something() -> None:
    metric = Metric("rmse", "lower", perfect=0.0, span=400.0, unit="m", share=False)
    text = judged([300, 40, 19, 19], score(18, 1), score(19, 1), baseline=400, metric=metric).text
    assert "rmse is 18.0 m on training images and 19.0 m on validation images" in text
    assert "gaps up to 1.4 m" in text


@pytest.mark.parametrize(
    ("curve", "train", "val", "verdict"),
    [
        ([20, 24, 25, 25], 25.1, 25, "fits"),
        ([20, 24, 25, 25], 29, 25, "overfits"),
        ([20, 22, 24, 26], 26, 26, "cut short"),
        ([10, 10, 10, 10], 10, 10, "no better than the baseline"),
    ],
)
def test_where_nothing_is_perfect_shares_are_those_of_the_span(
    curve: list[float], train: float, val: float, verdict: str
) -> None:
    decibels = Metric("psnr", perfect=math.inf, span=20, unit="dB", share=False)
    advice = judged(curve, score(train, 0.1), score(val, 0.1), baseline=12, metric=decibels)
    assert advice.verdict == verdict
    assert "little left" not in advice.text


@pytest.mark.parametrize("val", [0.05, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("train", [0.1, 0.6, 0.95, 1.0])
@pytest.mark.parametrize("curve", [[0.5], RISEN, RISEN[:4], RISEN[::-1]])
def test_always_one_paragraph_of_whole_sentences(curve: list[float], train: float, val: float) -> None:
    text = judged(curve, score(train), score(val)).text
    assert "\n" not in text
    assert "  " not in text
    assert text[0].isupper()
    assert text.endswith(".")


def test_no_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="no epoch has ended"):
        advise([], ACCURACY, 1, train_score=score(0.5), val_score=score(0.5), baseline=0.1, settings=SETTINGS)


@pytest.mark.parametrize(("augment", "suggested"), [("light", True), ("none", False)])
def test_less_variation_is_suggested_only_where_there_is_some(augment: str, suggested: bool) -> None:
    settings = TrainSettings.of(data="photos", augment=augment)
    advice = judged([0.5, 0.57, 0.59, 0.6, 0.6], score(0.61), score(0.6), settings=settings)
    assert advice.verdict == "underfits"
    assert ("a weaker --augment" in advice.text) is suggested


@pytest.mark.parametrize(("half_width", "told"), [(0.0004, False), (0.0006, True)])
@pytest.mark.parametrize("span", [1.0, 1000.0])
def test_noise_is_told_from_where_its_digits_show_it(half_width: float, told: bool, span: float) -> None:
    metric = Metric("score", perfect=span, span=span, share=False)
    train, val = score(0.92 * span, 0.0), score(0.91 * span, half_width * span)
    advice = judged([value * span for value in RISEN], train, val, baseline=0.1 * span, metric=metric)
    assert ("noise alone" in advice.text) is told


def test_a_rise_beyond_half_of_the_noise_is_cut_short() -> None:
    assert judged([0.8, 0.85, 0.88, 0.92], score(0.93, 0.05), score(0.92, 0.05)).verdict == "cut short"


def test_of_sixteen_epochs_the_last_two_count_together() -> None:
    curve = [0.7] * 14 + [0.75, 0.8]
    assert "improved by 0.100" in judged(curve, score(0.81), score(0.8)).text


@pytest.mark.parametrize(("last", "verdict"), [(0.985, "overfits"), (0.9885, "fits")])
def test_how_far_it_falls_is_measured_from_the_baseline(last: float, verdict: str) -> None:
    curve = [0.98, 0.99, 0.99, last]
    assert judged(curve, score(0.99, 0.0001), score(0.99, 0.0001), baseline=0.9).verdict == verdict


def test_a_training_loss_that_stood_still_did_not_rise() -> None:
    curve, losses = [0.6, 0.8, 0.9, 0.8, 0.8], [2.0, 1.0, 0.5, 0.5, 0.5]
    assert judged(curve, score(0.91), score(0.9), losses=losses).verdict == "overfits"


@pytest.mark.parametrize(("baseline", "little"), [(0.1, True), (0.9, False)])
def test_what_is_little_is_measured_from_the_baseline(baseline: float, little: bool) -> None:
    curve, exact = [0.985, 0.99, 0.99], score(0.99, 0.0001)
    advice = judged(curve, exact, exact, baseline=baseline)
    assert advice.verdict == "fits"
    assert ("little left to gain" in advice.text) is little


@pytest.mark.parametrize(
    ("untried", "first"),
    [
        (Untried(weights="--weights imagenet", side=224), "Try --weights imagenet, --size 224, "),
        (Untried(side=128), "Try --size 128, "),
        (Untried(), "Try more images, "),
    ],
)
def test_what_helps_most_is_named_first(untried: Untried, first: str) -> None:
    text = judged(RISEN, score(0.99), score(0.8), untried=untried).text
    assert first in text
    assert "a larger --size" not in text  # of data that have no more


def test_a_network_that_was_best_before_its_first_epoch_is_told() -> None:
    rows = [{"epoch": epoch, "train/loss": 0.1, "val/accuracy": 0.9 - epoch / 100} for epoch in range(3)]
    text = advise(
        rows, ACCURACY, 0, train_score=score(0.99), val_score=score(0.9), baseline=0.1, settings=SETTINGS
    ).text
    assert "Training on added nothing to the last layer that was fitted before the first epoch" in text
    assert "--epochs 10" not in text


def test_a_long_stand_still_names_patience() -> None:
    curve = [0.9, *[0.8] * 99]
    assert "--patience 10 ends such a training sooner" in judged(curve, score(0.95), score(0.9)).text
    assert "--patience" not in judged(curve[:10], score(0.95), score(0.9)).text
