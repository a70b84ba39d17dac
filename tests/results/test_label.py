from typing import Any

import numpy as np
import pytest
import supervision
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from convsight.errors import UserError
from convsight.results import Label, Labels, Score
from convsight.results.caption import broken

CLASSES = ("cat", "dog", "owl")
DOGS = ("golden retriever", "labrador retriever", "flat-coated retriever")
WORD = "pneumonoultramicroscopicsilicovolcanoconiosis_of_the_lung"


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.5, 0.6, 0.5], [-0.5, 1, 0.5], [np.nan, 0.5, 0.5], [[0.5, 0.2, 0.3]]])
def test_what_are_no_probabilities_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Label(CLASSES, np.array(values))


@given(st.lists(st.floats(0.001, 1), min_size=3, max_size=3))
def test_the_most_probable_come_first(weights: list[float]) -> None:
    probabilities = np.array(weights) / sum(weights)
    label = Label(CLASSES, probabilities)
    scores = label.top(3)
    assert [s.probability for s in scores] == sorted(probabilities.tolist(), reverse=True)
    assert scores[0] == Score(label.name, label.probability)
    assert {s.name: s.probability for s in scores} == dict(zip(CLASSES, probabilities.tolist(), strict=True))
    assert label.to_json()["labels"] == [s._asdict() for s in scores]


def test_target_is_certain() -> None:
    target = Label.certain(1, CLASSES)
    assert (target.name, target.probability, target.index) == ("dog", 1.0, 1)


def test_drawing_leaves_the_image_and_captions_a_copy() -> None:
    image = Image.new("RGB", (200, 100), "blue")
    drawn = Label.certain(2, CLASSES).draw(image)
    assert image.getcolors() == [(20_000, (0, 0, 255))]
    assert drawn.height > image.height
    assert drawn.crop((0, drawn.height - 100, 200, drawn.height)).tobytes() == image.tobytes()
    assert len(drawn.getcolors(40_000) or []) > 3


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [(1, 1, 200), (8, 8, 25), (28, 28, 8), (20, 150, 2), (199, 9, 2), (200, 90, 1), (480, 640, 1), (10, 999, 1)],
)
@pytest.mark.parametrize("names", [("ant", "bee", "cat"), DOGS, (WORD, "a very long class name " * 9, "\u732b\n")])
def test_a_drawing_hides_nothing_of_the_image(width: int, height: int, factor: int, names: tuple[str, ...]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    drawn = np.asarray(unsure(names).draw(Image.fromarray(noise)))
    enlarged = noise.repeat(factor, axis=0).repeat(factor, axis=1)
    beside = (drawn.shape[1] - enlarged.shape[1]) // 2
    shown = drawn[-enlarged.shape[0] :, beside : beside + enlarged.shape[1]]
    assert np.array_equal(shown, enlarged)
    assert drawn.shape[1] == max(200, enlarged.shape[1])
    bar = drawn[: -enlarged.shape[0]]
    assert bar.max() > 200
    ground = bar[0, 0]
    assert (bar[:, -2:] == ground).all()  # no letter reaches the edge
    assert (bar[-1] == ground).all()


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (480, 640), (3024, 4032), (640, 480), (10, 1000), (1000, 10)])
def test_every_word_of_the_prediction_is_written(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def text(pen: ImageDraw.ImageDraw, place: tuple[float, float], words: str, font: Any, **_: Any) -> None:
        assert place[0] + font.getlength(words) <= pen.im.size[0]
        assert font.size >= 12
        written.append(words)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    label = unsure(DOGS)
    label.draw(Image.new("RGB", size))
    assert " ".join(written) == label.summary()
    assert all(line.endswith("%,") for line in written[:-1])  # no name is torn where lines have room for it


def test_only_a_word_wider_than_the_image_is_cut() -> None:
    assert broken([f"unsure: {WORD} 62.0%", "cat 20.0%"], lambda line: len(line) <= 20) == [
        "unsure:",
        f"{WORD[:19]}\u2026",
        "62.0%, cat 20.0%",
    ]
    assert broken([f"{WORD} 62.0%"], lambda line: False)[0] == f"{WORD[0]}\u2026"


def unsure(names: tuple[str, ...]) -> Label:
    return Label(names, np.array([0.62, 0.2, 0.18])).at_least(0.7)


def test_labels_are_a_sequence_of_certain_labels() -> None:
    labels = Labels(np.array([2, 0, 2]), CLASSES)
    assert [label.name for label in labels] == ["owl", "cat", "owl"]
    assert labels.counts() == {"cat": 1, "dog": 0, "owl": 2}
    assert [label.name for label in labels.select(np.array([1, 0]))] == ["cat", "owl"]
    assert [label.name for label in labels[1:]] == ["cat", "owl"]


@pytest.mark.parametrize("indices", [[-1], [3], [[0, 1]]])
def test_indices_outside_the_classes_are_refused(indices: list[int]) -> None:
    with pytest.raises(ValueError, match="class indices"):
        Labels(np.array(indices), CLASSES)


def test_a_prediction_less_sure_than_asked_for_is_unsure() -> None:
    label = Label(CLASSES, np.array([0.2, 0.5, 0.3]))
    unsure, sure = label.at_least(0.51), label.at_least(0.5)
    assert (label.rejected, unsure.rejected, sure.rejected) == (False, True, False)
    assert unsure.to_json() == {"label": None, "rejected": True} | label.to_json()
    assert sure.to_json() == {"label": "dog", "rejected": False} | label.to_json()
    assert "rejected" not in label.to_json()
    assert unsure.to_rows() == [("", 0.5, 0.2, 0.5, 0.3)]
    assert sure.to_rows() == label.to_rows() == [("dog", 0.5, 0.2, 0.5, 0.3)]
    assert unsure.summary() == f"unsure: {label.summary()}"
    assert sure.summary() == label.summary()


def test_supervision_gets_every_class_with_its_probability() -> None:
    found = Label(CLASSES, np.array([0.2, 0.7, 0.1])).to_supervision()
    assert isinstance(found, supervision.Classifications)
    assert found.class_id.tolist() == [0, 1, 2]
    assert found.confidence is not None
    assert found.confidence.tolist() == [0.2, 0.7, 0.1]
    classes, confidences = found.get_top_k(2)
    assert (classes.tolist(), confidences.tolist()) == ([1, 0], [0.7, 0.2])


def test_without_supervision_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("convsight.extras.import_module", missing)
    with pytest.raises(UserError, match=r'pip install "\.\[supervision\]" in the clone of convsight'):
        Label.certain(0, CLASSES).to_supervision()
