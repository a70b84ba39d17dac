"""Maps of one picture by one or several methods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.method import Method, MethodOptions, check_options, make_method
from convsight.explain.subject import Subject
from convsight.inputs import ImageInput
from convsight.progress import Listener, Silent
from convsight.runtime.find_network import find_network
from convsight.runtime.model import Model, Picture
from convsight.runtime.original import original_picture
from convsight.runtime.sources.held import held_item
from convsight.tasks.question import explainable
from convsight.training_half import training_half


@dataclass(frozen=True)
class ExplainedModel:
    """A trained network, as it is deployed and, for those methods that need it, as PyTorch has it."""

    name: str | Path
    model: Model
    weights: str | None = None
    download: bool = False
    listener: Listener = field(default_factory=Silent)

    @cached_property
    def spec(self) -> ImageInput:
        """What the network takes; raises `UserError` where these are no pictures."""
        spec = self.model.card.input
        if not isinstance(spec, ImageInput) or spec.is_tiled:
            raise UserError(f"maps are made of pictures that the network sees as a whole, not of {spec.summary}")
        return spec

    @cached_property
    def opened(self) -> Any:
        """The network itself, an `inside.OpenNetwork`; raises `UserError` where there is none, or no PyTorch."""
        return training_half("convsight.inside.open_network").open_network(
            self.name, self.weights, download=self.download
        )

    def subject(self, picture: Picture, wanted: str | None = None, max_megapixels: float = 100.0) -> Subject:
        """A picture, as `Model.predict` takes it, with the question about it: the class `wanted`, or the surest answer.

        Raises `UserError` for a class that the network does not know, and `ImageError` where the picture is unreadable.
        """
        content = held_item(picture, "the picture", self.spec).load()
        loaded = self.spec.load(content, max_megapixels)
        arrays = {name: values[0] for name, values in self.model.engine.run(loaded.array[None]).items()}
        question = explainable(self.model.reader).question(arrays, loaded.size, wanted)
        return Subject(
            loaded.array,
            loaded.size,
            self.spec,
            self.model.engine,
            question,
            original=partial(original_picture, self.spec, content, max_megapixels),
            open_network=lambda: self.opened,
            listener=self.listener,
        )


def load_explained(
    name: str | Path,
    engine: str | None = None,
    precision: str | None = None,
    weights: str | None = None,
    *,
    download: bool = False,
    listener: Listener | None = None,
) -> ExplainedModel:
    """The network called `name`, as `predict` finds it; raises `UserError` where there is none.

    `listener` is told how many varied pictures are answered.
    """
    found = find_network(name, engine, precision, weights, download=download)
    return ExplainedModel(name, Model(found.card, found.engine()), weights, download, listener or Silent())


def maps_of(subject: Subject, methods: Sequence[str], options: MethodOptions) -> Iterator[ImportanceMap]:
    """A map of `subject` by each of `methods`, as they are ready."""
    made = [make_method(name, options) for name in methods]
    check_options(made, options)
    for name, method in zip(methods, made, strict=True):
        yield map_of(subject, name, method)


def map_of(subject: Subject, name: str, method: Method) -> ImportanceMap:
    """The map of `subject` by the `method` called `name`."""
    seen = method.importance(subject)
    question = subject.question
    return ImportanceMap(
        subject.on_original(seen),
        seen,
        name,
        method.scale,
        method.signed,
        question.words,
        subject.score,
        question.unit,
        method.settings(),
    )
