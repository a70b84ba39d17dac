"""`Model`: a trained network in use, from a run folder or a model file."""

from collections.abc import Generator, Iterable
from pathlib import Path

from convsight.card import Card
from convsight.images import Source
from convsight.results import Result
from convsight.runtime.batch_results import predictions
from convsight.runtime.engine import Engine
from convsight.runtime.engines import engine_for
from convsight.runtime.find_model import find_deployed
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources import Item, items_of
from convsight.runtime.stream import Decoding, stream
from convsight.tasks import reader_of
from convsight.tasks.reader import columns_of


class Model:
    """A trained network with its input, class names and metrics."""

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self.engine = engine
        self.reader = reader_of(card)

    @property
    def words(self) -> str:
        """What runs the network, in which number format, and what speaks against it."""
        engine = self.engine
        doubt = self.card.doubt(engine.name, engine.precision, engine.processor) if self.card.proofs else ""
        return f"{self.card.net}, run by {engine.words}" + (f" ({doubt})" if doubt else "")

    def columns(self) -> tuple[str, ...]:
        """The columns of a table of its predictions; raises `UserError` where these are no rows of a table."""
        return columns_of(self.reader, "a table", "take their to_json()")

    def predict(self, image: Source | str, max_megapixels: float = 100.0) -> Result:
        """The prediction for one image: a file, its bytes, a PIL image, or uint8 pixels (height, width[, 3]).

        Raises `ImageError` where it cannot be read.
        """
        source = Path(image) if isinstance(image, str) else image
        fitted = self.card.input.load(source, max_megapixels)
        return next(predictions(self.engine, self.reader, fitted.array[None], [fitted.size]))

    def predict_many(
        self,
        images: Iterable[str | Path | Item],
        *,
        workers: int = 2,
        max_megapixels: float = 100.0,
        keep: bool = False,
        steady: bool = False,
    ) -> Generator[Prediction, None, None]:
        """Predictions for many images, in order and as they are ready.

        `images` are what `read_sources` takes (files, folders, patterns, URLs, videos), or what it gives. A bad
        image is reported in its place. Memory does not grow with their number: `workers` threads read only a little
        ahead. With `keep`, a prediction holds the content of its image; with `steady`, the bits of a prediction do not
        depend on how fast images come.
        """
        decoding = Decoding(self.card.input, workers, max_megapixels, keep, steady)
        return stream(self.engine, self.reader, items_of(images, self.card.input.is_file), decoding)


def load(path: str | Path, engine: str | None = None, precision: str | None = None) -> Model:
    """The trained network in a run folder, of a run's name, or in a model file.

    `engine` is openvino, onnxruntime or torch, by default the fastest installed; `precision` float32, bfloat16 or int8,
    by default the fastest that the file's proof allows; int8 of a run is its `model.int8.onnx`. Raises `UserError`
    where there is none, where the file is damaged, or where it is a pickle.
    """
    file, card = find_deployed(path, engine, precision)
    return Model(card, engine_for(file, card, engine, precision))
