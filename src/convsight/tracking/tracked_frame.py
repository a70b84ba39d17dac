"""`TrackedFrame`: what became of one frame; and the frames of a whole video."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from convsight.images import Source
from convsight.results import Boxes
from convsight.runtime.prediction import Answer
from convsight.tracking.tracker import Tracker
from convsight.tracking.tracks import Tracked


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """Frame `number`, from 1, called `file`: its tracks, or the reason why there are none.

    `picture` is its content, where it was asked to be kept.
    """

    number: int
    file: str
    tracked: Tracked | None
    error: str | None
    picture: Source | None


def tracked_frames(
    answers: Iterator[Answer], tracker: Tracker, *, every: int = 1, min_score: float | None = None
) -> Generator[TrackedFrame, None, None]:
    """A frame for each answer about every `every`-th frame; `min_score` takes the place of `Boxes.least`.

    A frame that could not be read is one on which nothing was seen: time goes on. The answers must be boxes.
    """
    for count, answer in enumerate(answers):
        number = count * every + 1
        if answer.result is None:
            tracker.skip()
            yield TrackedFrame(number, answer.file, None, answer.error, None)
            continue
        if not isinstance(answer.result, Boxes):
            raise TypeError(f"only boxes can be followed, not a {type(answer.result).__name__}")
        boxes = answer.result if min_score is None else answer.result.at_least(min_score)
        yield TrackedFrame(number, answer.file, tracker.update(number, boxes), None, answer.picture)
