"""Maps of one picture by one or several methods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from convsight.errors import UserError
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.method import METHODS, Method, MethodOptions, check_options, make_method
from convsight.explain.subject import Subject
from convsight.inputs import ImageInput, InputSpec
from convsight.progress import Listener, Silent
from convsight.runtime.find_network import NetworkName, find_network
from convsight.runtime.model import Model, Picture
from convsight.runtime.original import original_picture
from convsight.runtime.sources import Item
from convsight.runtime.sources.held import held_item
from convsight.tasks import reader_of
from convsight.tasks.question import explainable
from convsight.training_half import training_half


@dataclass(frozen=True)
class ExplainedModel:
    """A trained network, as it is deployed and, for those methods that need it, as PyTorch has it."""

    model: Model
    listener: Listener = field(default_factory=Silent)

    @cached_property
    def spec(self) -> ImageInput:
        """What the network takes; raises `UserError` where these are no pictures."""
        return of_whole_pictures(self.model.card.input)

    @cached_property
    def opened(self) -> Any:
        """The network itself, an `inside.OpenNetwork`; raises `UserError` where there is none, or no PyTorch."""
        inside = training_half("convsight.inside.open_network")
        origin = self.model.origin
        if origin is None:
            raise UserError(
                "gradients need the weights of this model, and where they are is not known: convsight.load it"
            )
        return inside.open_network(origin.name, origin.weights, download=origin.download)

    def subject(self, picture: Picture | Item, wanted: str | None = None, max_megapixels: float = 100.0) -> Subject:
        """A picture, as `Model.predict` takes it, with the question about it: the class `wanted`, or the surest answer.

        Raises `UserError` for a class that the network does not know, `NothingThereError` where this answer has nothing
        that is asked about, and `ImageError` where the picture is unreadable.
        """
        item = held_item(picture, "the picture", self.spec)
        content = item.load()
        loaded = self.spec.load(content, max_megapixels, item.name)
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
            remark=loaded.remark,
        )

    def check(self, methods: Mapping[str, Method]) -> None:
        """Raise `UserError` where one of `methods`, by name, cannot work on this network, before anything is done."""
        if all(METHODS[name].light for name in methods):
            return
        for method in methods.values():
            if method.options.layer is not None and "layer" in method.takes:
                self.opened.layer(method.options.layer)
        _ = self.opened  # which says what is missing


def of_whole_pictures(spec: InputSpec) -> ImageInput:
    """`spec`, which must be of pictures that a network sees as a whole; raises `UserError` where it is not."""
    if not isinstance(spec, ImageInput) or spec.is_tiled:
        raise UserError(f"maps are made of pictures that the network sees as a whole, not of {spec.summary}")
    return spec


def explained(model: Model, listener: Listener | None = None) -> ExplainedModel:
    """`model`, ready to be asked why; `listener` is told how many varied pictures are answered.

    Raises `UserError` where its answers are not explained, or not about pictures that it sees as a whole.
    """
    explainable(model.reader)
    found = ExplainedModel(model, listener or Silent())
    _ = found.spec
    return found


def load_explained(asked: NetworkName, listener: Listener | None = None) -> ExplainedModel:
    """The network that is `asked` for, as `predict` finds it.

    `listener` is told what runs it, and how many varied pictures are answered. Raises `UserError` where there is none,
    and as `explained`.
    """
    found = find_network(asked)
    explainable(reader_of(found.card))  # before its engine is made, which takes a while
    network = explained(Model(found.card, found.engine(), asked), listener)
    for words in (*(f"note: {note}" for note in found.notes), network.model.words):
        network.listener.say(words)
    return network


def made_methods(names: Sequence[str], options: MethodOptions) -> dict[str, Method]:
    """The methods called so; raises `UserError` for an unknown name or an option that none listens to."""
    made = {name: make_method(name, options) for name in names}
    check_options(list(made.values()), options)
    return made


def maps_of(subject: Subject, methods: Sequence[str], options: MethodOptions) -> Iterator[ImportanceMap]:
    """A map of `subject` by each of `methods`, as they are ready."""
    for name, method in made_methods(methods, options).items():
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
        picture=subject.original,
    )
