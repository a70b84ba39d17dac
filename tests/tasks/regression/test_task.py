from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV
from tests.contracts.tasks import TaskContract

from convsight.card import Card
from convsight.datasets import Examples, ImageStore, Split
from convsight.inputs import ImageInput
from convsight.results import NumbersOfMany
from convsight.targets import NumberTargets
from convsight.tasks import reader_of, task_of

NAMES, UNITS = ("age", "height"), ("years", "m")


def card(loss: str = "gaussian", **changes: Any) -> Card:
    grey = ImageInput(height=20, width=20, channels=1, mean=(0.5,), std=(0.25,))
    target = NumberTargets(names=NAMES, units=UNITS, mean=(40.0, 1.7), std=(10.0, 0.1))
    return Card(task="regression", net="lecture3", target=target, input=grey, options={"loss": loss}, **changes)


def numbers(count: int) -> NumbersOfMany:
    random = np.random.default_rng(0)
    return NumbersOfMany(random.normal((40.0, 1.7), (10.0, 0.1), (count, 2)), NAMES, UNITS)


class TestGaussian(TaskContract):
    def card(self) -> Card:
        return card()

    def targets(self, count: int) -> NumbersOfMany:
        return numbers(count)


class TestMixture(TestGaussian):
    def card(self) -> Card:
        return card("mixture")


class TestPoint(TestGaussian):
    def card(self) -> Card:
        return card("mse")


@pytest.mark.parametrize("loss", ["gaussian", "mixture", "huber"])
def test_the_graph_ends_in_the_units_of_the_numbers(loss: str) -> None:
    described, task = card(loss), task_of("regression")
    model = task.build(described).eval()
    pixels = torch.randint(0, 256, (2, 20, 20, 1), dtype=torch.uint8).expand(2, 20, 20, 3)
    told = task.graph(model, described)(pixels)
    torch.testing.assert_close((told["weights"] * told["means"]).sum(dim=2), told["numbers"])
    wide = task.graph(model, card(loss, calibration={"width/height": 3.0}))(pixels)
    torch.testing.assert_close(wide["numbers"], told["numbers"])
    torch.testing.assert_close(wide["deviations"][:, 1], 3 * told["deviations"][:, 1])
    torch.testing.assert_close(wide["deviations"][:, 0], told["deviations"][:, 0])
    if loss == "huber":
        assert told["deviations"][0, :, 0].tolist() == pytest.approx([10.0, 0.1])


def test_columns_have_units_and_plain_python_prints_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    reader = reader_of(card())
    assert reader.columns()[:4] == ("age", "age low (years)", "age high (years)", "height")  # type: ignore[attr-defined]
    exec(reader.plain_python, {"arrays": {"numbers": np.array([[31.0, 1.5]])}, "classes": NAMES})
    assert capsys.readouterr().out == "{'age': 31.0, 'height': 1.5}\n"


def examples(count: int, seed: int) -> tuple[Examples, Any]:
    """Images whose brightness is their age."""
    random = np.random.default_rng(seed)
    ages = random.uniform(20, 60, count)
    pixels = np.clip(4 * ages[:, None, None, None] + random.normal(0, 20, (count, 8, 8, 1)), 0, 255).astype(np.uint8)
    targets = NumbersOfMany(ages[:, None], ("age",), ("years",))
    sides = ImageInput(height=8, width=8, channels=1, mean=(0.5,), std=(0.25,))
    split = Split("train", np.repeat(pixels, 3, axis=3), targets, [str(n) for n in range(count)])
    return Examples(ImageStore.read(split, sides)[0], targets), pixels.reshape(count, -1)


def test_baselines_are_those_of_scikit_learn() -> None:
    (train, seen), (test, unseen) = examples(80, 0), examples(40, 1)
    found = task_of("regression").baselines(train, test)  # type: ignore[attr-defined]
    true, judged = (each.targets.values[:, 0] for each in (train, test))  # type: ignore[attr-defined]
    for name, said in (("mean", true.mean()), ("median", np.median(true))):
        assert found[name]["mae"].value == pytest.approx(np.abs(judged - said).mean())
    mean, std = seen.mean(axis=0), seen.std(axis=0)
    model = RidgeCV(alphas=[10.0**power for power in range(7)]).fit((seen - mean) / std, true - true.mean())
    off = model.predict((unseen - mean) / std) + true.mean() - judged
    assert found["linear"]["rmse"].value == pytest.approx(np.sqrt((off**2).mean()), rel=1e-3)
    assert found["linear"]["rmse"].value < found["mean"]["rmse"].value / 2
