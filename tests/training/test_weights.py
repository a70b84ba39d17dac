"""A training that begins with pretrained weights, on real photos with real weights of ImageNet."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.training.heard import Heard

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.settings import TrainSettings
from convsight.training.resume import resume
from convsight.training.train import train

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture(scope="module")
def hands(shared_data: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of five hand signs, 24 each."""
    folder: Path = tmp_path_factory.mktemp("hands")
    for digit in ("0", "1", "2", "5", "6"):
        (folder / digit).mkdir()
        for file in sorted((shared_data("sign_digits") / "Dataset" / digit).iterdir())[:24]:
            shutil.copy(file, folder / digit)
    return folder


@pytest.fixture(scope="module")
def file(shared_data: Any) -> str:
    return str(shared_data("squeezenet1_0_imagenet") / "squeezenet1_0-imagenet.safetensors")


def settings(hands: Path, run: Path, **choices: object) -> TrainSettings:
    fixed = {"net": "squeezenet1_0", "size": 64, "epochs": 2, "lr": 0.0025, "batch": 8, "grow": False, "export": False}
    return TrainSettings.of(data=str(hands), run=str(run), **{**fixed, **choices})


@pytest.mark.slow
def test_pretrained_weights_learn_in_two_epochs_what_fresh_ones_do_not(hands: Path, file: str, tmp_path: Path) -> None:
    hears = Heard()
    tuned = train(settings(hands, tmp_path / "tuned", weights=file), hears)
    fresh = train(settings(hands, tmp_path / "fresh"), Silent())
    assert tuned.metrics["test/log_loss"].value < fresh.metrics["test/log_loss"].value - 0.3
    assert tuned.metrics["test/accuracy"].value > fresh.metrics["test/accuracy"].value + 0.15

    tuned_input = tuned.card.input
    assert (tuned_input.mean, tuned_input.std) == _IMAGENET
    assert fresh.card.input.mean != tuned_input.mean
    assert tuned.card.training["weights"].startswith("squeezenet1_0-imagenet.safetensors (SHA-256 ")
    assert "weights" not in fresh.card.training
    assert any("classifier.1 starts fresh: the weights are for 1,000 outputs" in text for text in hears.said)
    assert tuned.settings()[0].weights == file


@pytest.mark.slow
def test_a_resumed_run_goes_on_without_the_file(hands: Path, file: str, tmp_path: Path) -> None:
    copy = shutil.copy(file, tmp_path / "w.safetensors")
    whole = train(settings(hands, tmp_path / "whole", weights=str(copy), size=32), Silent())
    part = train(settings(hands, tmp_path / "part", weights=str(copy), size=32, epochs=1), Silent())
    Path(copy).unlink()
    longer = resume(str(part.path), {"epochs": 2}, Silent())
    assert longer.card.training["weights"] == whole.card.training["weights"]
    assert longer.card.input == whole.card.input


def test_a_dense_last_layer_is_fitted_before_the_first_epoch(hands: Path, tmp_path: Path) -> None:
    small = {"net": "small", "size": 32, "lr": None}
    first = train(settings(hands, tmp_path / "first", **small), Silent())
    weights = str(first.path / "model.safetensors")
    hears = Heard()
    whole = train(settings(hands, tmp_path / "whole", **small, weights=weights), hears)
    assert any("the last layer begins as a logistic regression on features of" in text for text in hears.said)
    assert any(text.startswith("before the first epoch  loss ") for text in hears.said)
    rows = (whole.path / "metrics.csv").read_text().splitlines()
    assert rows[1].split(",")[:2] == ["0", "0"]
    assert len(rows) == 4

    part = train(settings(hands, tmp_path / "part", **small, weights=weights, epochs=1), Silent())
    resumed = resume(str(part.path), {"epochs": 2}, Silent())
    frozen = "test/baseline/frozen features/accuracy"
    assert resumed.metrics[frozen] == whole.metrics[frozen]
    assert whole.metrics[frozen].value > 0.3  # a fifth by chance


@pytest.mark.slow
def test_a_training_that_spoils_the_network_keeps_it_as_it_began(hands: Path, tmp_path: Path) -> None:
    small = {"net": "small", "size": 32}
    first = train(settings(hands, tmp_path / "first", **{**small, "lr": None, "epochs": 8}), Silent())
    weights = str(first.path / "model.safetensors")
    spoilt = {"weights": weights, "lr": 0.5, "epochs": 1, "optimizer": "sgd"}
    run = train(settings(hands, tmp_path / "run", **{**small, **spoilt}), Silent())
    assert run.card.training["best_epoch"] == 0
    # One image of 25 may lie between two classes for a processor that multiplies bfloat16.
    frozen, kept = run.metrics["test/baseline/frozen features/accuracy"], run.metrics["test/accuracy"]
    assert abs(frozen.value - kept.value) <= 1 / 25 + 1e-9


def test_grey_images_take_the_mean_of_the_colours(hands: Path, file: str, tmp_path: Path) -> None:
    hears = Heard()
    run = train(settings(hands, tmp_path / "grey", weights=file, colour="grey", size=32, epochs=1), hears)
    assert run.card.input.mean == pytest.approx((sum(_IMAGENET[0]) / 3,))
    assert run.card.input.std == pytest.approx((sum(_IMAGENET[1]) / 3,))
    assert any("weights for 3 channels, summed for 1" in text for text in hears.said)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"weights": "no/such.pth"}, "--weights no/such.pth: there is no such file"),
        ({"weights": "imagenet", "net": "small"}, "no pretrained weights for small"),
        ({"net": "resnet18"}, "does not fit resnet18"),
    ],
)
def test_weights_that_cannot_be_used_leave_nothing(
    hands: Path, file: str, tmp_path: Path, choices: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        train(settings(hands, tmp_path / "run", **{"weights": file, "size": 32, **choices}), Silent())
    assert not (tmp_path / "run").exists()
