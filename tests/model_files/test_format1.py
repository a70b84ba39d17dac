"""Model files of card format 1, stored as they were written then: read, and they predict and are judged as before.

Digits of 8 x 8 px and `conv 8 3x3 relu | maxpool 2 | flatten | dense classes`, trained for 6 epochs. `predictions.json`
holds what the code of that time answered: the probabilities of the first twelve digits, and the accuracy on all.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import convsight
from convsight.card import parse_card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.model_files import read_card
from convsight.results import Label

FOLDER = Path(__file__).parent / "format1"
FILES = ("digits.safetensors", "digits.onnx")
ANSWERS: dict[str, Any] = json.loads((FOLDER / "answers.json").read_text())


@pytest.mark.parametrize("file", FILES)
def test_their_cards_become_those_of_format_2(file: str) -> None:
    card = read_card(FOLDER / file)
    assert card.format == 2
    assert isinstance(card.input, ImageInput)
    assert (card.input.kind, card.input.height, card.input.width, card.input.fit) == ("image", 8, 8, "crop")
    assert (card.input.channels, card.input.mean, card.input.std) == (1, (0.3051162025572739,), (0.375846440713905,))
    assert parse_card(card.model_dump_json(), file) == card


@pytest.mark.parametrize(
    ("file", "engine"),
    [("digits.safetensors", "torch"), ("digits.onnx", "onnxruntime"), ("digits.onnx", "openvino")],
)
def test_they_predict_as_before(file: str, engine: str) -> None:
    model = convsight.load(FOLDER / file, engine, "float32")
    digits = np.round(load_digits().images * (255 / 16)).astype(np.uint8)
    predictions = [model.predict(digit) for digit in digits[:12]]
    found = [prediction.probabilities for prediction in predictions if isinstance(prediction, Label)]
    np.testing.assert_allclose(found, ANSWERS["probabilities"][:12], atol=2e-6)


@pytest.mark.parametrize("file", FILES)
def test_they_are_judged_as_before(file: str) -> None:
    found = convsight.evaluate(FOLDER / file, "digits", quiet=True, precision="float32")
    assert found.metrics["train/accuracy"].value == ANSWERS["accuracy"]  # they were trained on most of the digits


def test_what_is_wrong_with_an_old_card_is_named_as_in_a_new_one() -> None:
    old = {"format": 1, "task": "classification", "net": "small", "classes": ["a"]}
    with pytest.raises(UserError, match="not valid at 'input'"):
        parse_card(json.dumps(old), "m.onnx")
    with pytest.raises(UserError, match=r"'input\.image\.height'"):
        parse_card(json.dumps({**old, "preprocessing": {"height": 0, "width": 4, "mean": [0], "std": [1]}}), "m.onnx")
