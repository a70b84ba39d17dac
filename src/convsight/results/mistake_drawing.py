"""Wrong boxes and missed things, drawn on the image with words on what is wrong about each."""

from collections import Counter
from typing import TYPE_CHECKING

from PIL import Image

from convsight.results.box_mistakes import NOTHING, box_mistakes
from convsight.results.caption import enlarged, with_caption
from convsight.results.drawing import draw_boxes
from convsight.results.mistakes import Mistake
from convsight.words import shortened

if TYPE_CHECKING:
    from convsight.results.boxes import Boxes

_NAME = 20  # characters of a class beside a box
# The kind of a mistake -> the number of its colour, and what stands beside the name of the class that was predicted.
_KINDS = {
    "missed": (5, "missed"),
    "class": (1, "is"),
    "place": (3, "misplaced"),
    "both": (6, "near"),
    "duplicate": (8, "again"),
    "background": (0, "not there"),
}


def draw_box_mistakes(image: Image.Image, prediction: "Boxes", target: "Boxes") -> Image.Image:
    """`image` (RGB, of any size), enlarged where it is small, with each mistake, under a bar that counts them."""
    shown = enlarged(image)
    found = box_mistakes(prediction.on(shown.size), target.on(shown.size))
    boxes = [(mistake.xyxy, _words(mistake)) for mistake in found if mistake.xyxy]
    drawn = draw_boxes(shown, boxes, [_KINDS[mistake.kind][0] for mistake in found])
    counts = Counter(mistake.kind for mistake in found)
    return with_caption(drawn, [f"{count} {kind}" for kind, count in counts.most_common()] or ["nothing wrong"])


def _words(mistake: Mistake) -> str:
    """What is wrong, in a few words.

    >>> _words(Mistake("class", "dog", "cat", 0.93)), _words(Mistake("missed", "dog", NOTHING, 1.0))
    ('cat 0.93 is dog', 'missed dog')
    """
    words = _KINDS[mistake.kind][1]
    true, predicted = shortened(mistake.target, _NAME), shortened(mistake.prediction, _NAME)
    if mistake.prediction == NOTHING:
        return f"{words} {true}"
    told = f"{predicted} {mistake.severity:.2f} {words}"
    return f"{told} {true}" if mistake.kind in ("class", "both") else told
