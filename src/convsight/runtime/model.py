"""`Model`: a trained network in use, from a run folder or a model file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from convsight.card import Card
from convsight.datasets.threads import map_in_threads
from convsight.pictures import FittedPicture, PictureError, Source, load_picture
from convsight.results import Result
from convsight.runtime.engine import Engine
from convsight.runtime.engines import engine_for
from convsight.runtime.find import find_deployed
from convsight.runtime.judge import answers
from convsight.tasks import reader_of

_Read = FittedPicture | PictureError

_BATCH = 32  # pictures run at once: few enough that the first answers come soon


@dataclass(frozen=True)
class Answer:
    """What became of one picture: a result, or the reason why there is none."""

    file: str
    result: Result | None = None
    error: str | None = None


class Model:
    """A trained network with its preprocessing, class names and metrics."""

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self.engine = engine
        self.reader = reader_of(card.task, card.classes)

    @property
    def words(self) -> str:
        """Which engine runs the network, and in which number format."""
        return f"{self.card.net}, run by {self.engine.name} in {self.engine.precision}"

    def predict(self, picture: Source | str, max_megapixels: float = 100.0) -> Result:
        """The answer for one picture: a file, its bytes, a PIL image, or uint8 pixels (height, width[, 3]).

        Raises `PictureError` where it cannot be read.
        """
        source = Path(picture) if isinstance(picture, str) else picture
        fitted = load_picture(source, self.card.preprocessing, max_megapixels)
        return next(answers(self.engine, self.reader, fitted.pixels[None], [fitted.size]))

    def predict_files(
        self, files: Iterable[Path], *, workers: int = 2, max_megapixels: float = 100.0
    ) -> Iterator[Answer]:
        """Answers for many files, in order and as they are ready; a bad picture is reported in its place.

        Memory does not grow with their number: `workers` threads read only a little ahead.
        """

        def read(file: Path) -> tuple[Path, _Read]:
            try:
                return file, load_picture(file, self.card.preprocessing, max_megapixels)
            except PictureError as error:
                return file, error

        pictures = map_in_threads(read, files, workers)
        while batch := list(islice(pictures, _BATCH)):
            yield from self._answer(batch)

    def _answer(self, batch: list[tuple[Path, _Read]]) -> Iterator[Answer]:
        fitted = [picture for _, picture in batch if isinstance(picture, FittedPicture)]
        results: Iterator[Result] = iter(())
        if fitted:
            pixels = np.stack([picture.pixels for picture in fitted])
            results = answers(self.engine, self.reader, pixels, [picture.size for picture in fitted])
        for file, picture in batch:
            if isinstance(picture, PictureError):
                yield Answer(str(file), error=str(picture))
            else:
                yield Answer(str(file), next(results))


def load(path: str | Path, engine: str | None = None, precision: str | None = None) -> Model:
    """The trained network in a run folder, of a run's name, or in a model file.

    `engine` is openvino, onnxruntime or torch, by default the fastest installed; `precision` float32 or bfloat16, by
    default the fastest that the file's proof allows. Raises `UserError` where there is none, where the file is damaged,
    or where it is a pickle.
    """
    file, card = find_deployed(path, engine)
    return Model(card, engine_for(file, card, engine, precision))
