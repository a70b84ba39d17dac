"""`TrackedFrame`: what became of one frame; and the frames of a whole video."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from convsight.images import Source
from convsight.results import Boxes
from convsight.runtime.prediction import Prediction
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracks import Tracked


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """Frame `number`, from 1, called `file`: its tracks, or the reason why there are none.

    `image` is its content, where it was asked to be kept; `remark` what is wrong with one that could be read.
    """

    number: int
    file: str
    tracked: Tracked | None
    error: str | None
    image: Source | None
    remark: str = ""


def tracked_frames(
    predictions: Iterator[Prediction], tracker: Tracker, *, every: int = 1, min_score: float | None = None
) -> Generator[TrackedFrame, None, None]:
    """A frame for each prediction about every `every`-th frame; `min_score` takes the place of `Boxes.thresholds`.

    A frame that could not be read is one on which nothing was seen: time goes on. The predictions must be boxes.
    """
    for count, prediction in enumerate(predictions):
        number = count * every + 1
        if prediction.result is None:
            tracker.skip()
            yield TrackedFrame(number, prediction.file, None, prediction.error, None)
            continue
        if not isinstance(prediction.result, Boxes):
            raise TypeError(f"only boxes can be followed, not a {type(prediction.result).__name__}")
        boxes = prediction.result if min_score is None else prediction.result.at_least(min_score)
        yield TrackedFrame(
            number, prediction.file, tracker.update(number, boxes), None, prediction.image, prediction.remark
        )
