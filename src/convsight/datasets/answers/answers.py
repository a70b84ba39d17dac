"""`GivenAnswers`: a file of answers and what they are about; `Answers`: a result for each image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from convsight.datasets.answers.image_names import ImageNames
from convsight.datasets.dataset import Dataset, Split
from convsight.errors import UserError
from convsight.results import Result


@dataclass(frozen=True)
class GivenAnswers:
    """Answers in `path`, a file or folder, about the images of `split`, one of `dataset`.

    `ids` is a COCO annotation file that says which ids images and categories have; none where names tell. Things count
    as found from `min_score` (0..1) on.
    """

    path: Path
    dataset: Dataset
    split: Split
    ids: Path | None = None
    min_score: float = 0.25

    @property
    def names(self) -> ImageNames:
        """What answers may call the images."""
        return ImageNames(self.split, self.dataset)

    def refused(self, wanted: str) -> UserError:
        """An error: answers of another kind than the `wanted` one were given."""
        kind = "a folder" if self.path.is_dir() else f"a {self.path.suffix} file" if self.path.suffix else "a file"
        return UserError(f"{self.path} is {kind}; answers to {self.dataset.task} are {wanted}")


@dataclass(frozen=True)
class Answers:
    """What was answered: `result` makes that of the image at a position, also where nothing was said of it.

    `missing` are the positions of images of which nothing was said, and `counts_as` in words what they count as.
    `notes` are remarks for the user; `without` the metrics that cannot be told of such answers, by name.
    """

    result: Callable[[int], Result]
    missing: Sequence[int] = ()
    counts_as: str = ""
    notes: Sequence[str] = ()
    without: frozenset[str] = frozenset()
