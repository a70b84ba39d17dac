"""`Model`: a trained network in use, from a run folder or a model file."""

import os
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol, overload

from numpy.typing import NDArray
from PIL import Image

from convsight.card import Card
from convsight.images import ImageError
from convsight.pages.cell import metrics_table, shown
from convsight.results import Result
from convsight.runtime.batch_results import predictions
from convsight.runtime.engine import Engine
from convsight.runtime.find_network import NetworkName, find_network
from convsight.runtime.original import original_picture
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources.held import batch_of, held_item, items_of
from convsight.runtime.stream import Decoding, stream
from convsight.tasks import reader_of
from convsight.tasks.reader import Blendable, columns_of

_BY_ROWS = "; or predict it alone with --out map.tif, which reads, predicts and writes row by row"


class _Tensor(Protocol):
    """What the light half knows of PyTorch's tensors."""

    def detach(self) -> Any: ...


# One image, as `Model.predict` takes it.
Picture = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image | NDArray[Any] | _Tensor


class Model:
    """A trained network with its input, class names and metrics; `origin` is what found it, if that is known."""

    def __init__(self, card: Card, engine: Engine, origin: NetworkName | None = None) -> None:
        self.card = card
        self.engine = engine
        self.origin = origin
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

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of what is predicted, in the network's order."""
        return self.card.target.names

    def __repr__(self) -> str:
        card = self.card
        # Those of the split that was judged stand first.
        metrics = [f"{name} {measured}" for name, measured in card.metrics.items()][:1]
        parts = [f"{card.task}: {card.target.summary}", card.input.summary, self.words, *metrics]
        return f"<convsight model, {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        """What it answers, what runs it and how good it is, which a notebook shows below the cell."""
        card = self.card
        title, lines = f"{card.task}: {card.target.summary}", [f"{card.input.summary}; {self.words}"]
        return shown(title, lines, metrics_table(card.metrics, self.reader.metrics().described()))

    @overload
    def predict(self, image: list[Any] | tuple[Any, ...], max_megapixels: float = 100.0) -> list[Result]: ...
    @overload
    def predict(self, image: Picture, max_megapixels: float = 100.0) -> Result: ...
    def predict(self, image: Any, max_megapixels: float = 100.0) -> Result | list[Result]:
        """The prediction for one image, or a list of those for a list or a batch of images.

        An image is a path, a URL, the bytes of a file, an open file, a PIL image, an array (for most networks uint8
        (height, width[, 3])) or a tensor of PyTorch, channels first, of uint8 or 0..1. An array or tensor with one axis
        more is a batch.

        Raises `TypeError` for anything else, and `ImageError` where an image cannot be read.
        """
        several = batch_of(image, self.card.input)
        if several is not None:
            return self._predict_each(several, max_megapixels)
        content = held_item(image, "the image", self.card.input).load()
        fitted = self.card.input.load(content, max_megapixels)
        result = next(predictions(self.engine, self.reader, fitted.array[None], [fitted.size]))
        return result.about(partial(original_picture, self.card.input, content, max_megapixels))

    __call__ = predict

    def _predict_each(self, images: list[Any], max_megapixels: float) -> list[Result]:
        items = [held_item(image, f"images[{position}]", self.card.input) for position, image in enumerate(images)]
        found: list[Result] = []
        for prediction in self.predict_many(items, max_megapixels=max_megapixels, keep=True):
            if prediction.result is None:
                raise ImageError(prediction.error)
            found.append(prediction.result)
        return found

    def predict_many(
        self,
        images: Any,
        *,
        workers: int = 2,
        max_megapixels: float = 100.0,
        keep: bool = False,
        steady: bool = False,
    ) -> Generator[Prediction, None, None]:
        """Predictions for many images, in order and as they are ready.

        `images` are what `predict` takes, one after the other (a list, a generator, a batch), of which a path may also
        be that of many: a folder, a pattern, a video; or a table of pandas or polars with a column `path`, or such a
        column; or what `read_sources` gives. A bad image is reported in its place; one without a name of its own is
        called `images[3]` there. Memory does not grow with their number: `workers` threads read only a little ahead.
        With `keep`, a prediction holds the content of its image; with `steady`, the bits of a prediction do not depend
        on how fast images come.

        Raises `TypeError` for what holds no images, and at its turn for one that is none.
        """
        # Networks that take tiles read pictures of any size row by row.
        by_rows = self.card.input.is_tiled and isinstance(self.reader, Blendable)
        decoding = Decoding(self.card.input, workers, max_megapixels, keep, steady, _BY_ROWS if by_rows else "")
        return stream(self.engine, self.reader, items_of(images, self.card.input), decoding)


def load(
    path: str | Path,
    engine: str | None = None,
    precision: str | None = None,
    *,
    weights: str | None = None,
    download: bool = False,
) -> Model:
    """The trained network in a run folder, of a run's name, or in a model file; or one that a library offers trained.

    That is `imagenet`, `torchvision/NET`, `timm/NET`, or with `weights` (imagenet, or a file) any name of the
    catalogue; only with `download` is anything fetched.

    `engine` is openvino, onnxruntime or torch, by default the fastest installed; `precision` float32, bfloat16 or int8,
    by default the fastest that the file's proof allows; int8 of a run is its `model.int8.onnx`. Raises `UserError`
    where there is none, where the file is damaged, or where it is a pickle.
    """
    asked = NetworkName(path, engine, precision, weights, download)
    found = find_network(asked)
    return Model(found.card, found.engine(), asked)
