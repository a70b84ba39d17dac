import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.results import ClassMap, InvalidOutputError, usual_colours

CLASSES = ("background", "cat", "dog")


def of(rows: Any, **more: Any) -> ClassMap:
    return ClassMap(CLASSES, usual_colours(CLASSES), np.array(rows, np.uint8), **more)


def test_json_and_rows_are_shares_of_what_has_a_class() -> None:
    found = of([[0, 0, 1, 255]])
    assert found.to_json() == {
        "mask": {"height": 1, "width": 4},
        "shares": [{"name": "background", "share": 0.666667}, {"name": "cat", "share": 0.333333}],
        "unknown": 0.25,
    }
    assert found.to_rows() == [("background", 0.666667, 0.333333, 0.0)]
    assert of([[255]]).summary() == "no class"


def test_the_png_holds_the_indices_in_the_classes_colours() -> None:
    image = Image.open(io.BytesIO(of([[0, 1], [2, 255]]).files()["mask.png"]))
    assert np.array(image).tolist() == [[0, 1], [2, 255]]
    assert np.array(image.convert("RGB")).tolist() == [
        [[0, 0, 0], [230, 159, 0]],
        [[86, 180, 233], [224, 224, 192]],
    ]


def test_many_classes_have_16_bits() -> None:
    names = tuple(f"class {number}" for number in range(300))
    found = ClassMap(names, usual_colours(names), np.array([[299, 0]], np.uint16), 65_535)
    image = Image.open(io.BytesIO(found.files()["mask.png"]))
    assert np.array(image).tolist() == [[299, 0]]
    assert len(set(usual_colours(names))) > 250


def test_a_volume_is_an_array_file_and_its_slices_are_drawn() -> None:
    found = of([[[0, 0]], [[1, 1]], [[2, 2]]])
    assert np.load(io.BytesIO(found.files()["mask.npy"])).tolist() == found.indices.tolist()
    assert found.to_json()["mask"] == {"depth": 3, "height": 1, "width": 2}
    drawn = np.asarray(found.draw(Image.new("RGB", (320, 200))))
    assert drawn[-150, [5, 200]].tolist() == [[0, 0, 0], [115, 80, 0]]  # the first two slices, the third below


def test_a_volume_is_made_smaller_within_its_slices() -> None:
    found = of(np.arange(20 * 1200, dtype=np.int64).reshape(20, 1, 1200) % 3)
    assert found.compact().indices.shape == (20, 1, 400)


def test_pixels_that_are_as_good_as_even_count_as_the_same() -> None:
    scores, leads = np.array([[0.6, 0.5, 0.9]]), np.array([[0.3, 0.001, 0.8]])
    one, other = of([[0, 1, 2]], scores=scores, leads=leads), of([[0, 2, 2]], scores=scores - 0.1, leads=leads)
    largest, same, said = one.difference(other)
    assert (round(largest, 6), same, said) == (0.1, 1.0, 3)
    sure = of([[1, 1, 2]], scores=scores, leads=np.full((1, 3), 0.5))
    assert of([[0, 1, 2]], scores=scores, leads=np.full((1, 3), 0.5)).difference(sure).same == pytest.approx(2 / 3)
    assert one.difference(of([[0, 1]])).same == 0


def test_unsure_pixels_have_no_class() -> None:
    found = of([[0, 1]], scores=np.array([[0.9, 0.4]])).at_least(0.5)
    assert found.indices.tolist() == [[0, 255]]
    assert of([[0, 1]]).at_least(0.5).indices.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: of([[3]]), ValueError, "the index 3 is of none of 3 classes"),
        (lambda: of([[0]], ignore_index=1), ValueError, "1 is the index of the class 'cat'"),
        (lambda: of([0]), ValueError, "height, width"),
        (lambda: ClassMap(CLASSES, (), np.zeros((1, 1), np.uint8)), ValueError, "as many colours"),
        (lambda: of([[0]], scores=np.array([0.1])), ValueError, "scores of shape"),
        (lambda: of([[0]], scores=np.array([[np.nan]])), InvalidOutputError, "scores of pixels"),
        (lambda: ClassMap(CLASSES, usual_colours(CLASSES), np.zeros((1, 1), np.int64)), ValueError, "uint8 or uint16"),
    ],
)
def test_what_is_no_class_map_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_mistakes_are_regions_that_say_what_they_were_taken_for() -> None:
    true = np.zeros((40, 50), np.uint8)
    true[5:15, 10:30] = 1
    true[30:40, :] = 255
    said = true.copy()
    said[5:15, 10:20] = 2  # half of the cat is a dog
    said[20, 20] = 1  # a pixel is a seam
    said[35:40] = 2  # nobody knows what is there
    found = of(said).mistakes(of(true))
    assert [(each.kind, each.target, each.prediction, each.xyxy) for each in found] == [
        ("region", "cat", "dog", (10.0, 5.0, 20.0, 15.0))
    ]
    assert found[0].severity == pytest.approx(100 / 1500)
    unsure = of(said, scores=np.full(said.shape, 0.5)).mistakes(of(true))
    assert unsure[0].severity == pytest.approx(50 / 1500)
    drawn = of(said).draw_mistakes(Image.new("RGB", (50, 40), "white"), of(true))
    assert drawn.width == 3 * 350 + 8


def test_what_is_kept_for_drawing_is_small() -> None:
    large = ClassMap(CLASSES, usual_colours(CLASSES), np.tile(np.array([0, 1, 2, 1], np.uint8), (3000, 500)))
    assert large.compact().indices.shape == (500, 333)
    assert of([[0, 1]], scores=np.ones((1, 2))).compact().scores is None
