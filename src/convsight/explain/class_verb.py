"""`convsight explain MODEL --data DATA`: what a network looks at, class by class, as a page and as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from convsight.datasets import Dataset, Split, read_for
from convsight.errors import UserError
from convsight.explain.class_maps import ClassMaps, Gathering, Known, answers_of, by_stem, names_of
from convsight.explain.class_page import PageFacts, class_page
from convsight.explain.evidence.company import Company, company_of
from convsight.explain.explain import ExplainedModel, explained, load_explained, made_methods
from convsight.explain.method import MethodOptions
from convsight.explain.shortcuts import BLIND
from convsight.files import write_atomic
from convsight.printing import json_document
from convsight.progress import Listener
from convsight.results.capabilities import Naming, Placing, require
from convsight.runtime.evaluate import judged_split, own_data
from convsight.runtime.find_network import NetworkName
from convsight.runtime.output_folder import OutputFolder
from convsight.spread import evenly
from convsight.tasks.adoption import data_for
from convsight.words import counted

_NAME, _SUFFIXES = "classes", ("html", "json")  # of what is written
_MOST_ANSWERED = 5_000  # pictures of a data set that are answered, evenly spread


@dataclass(frozen=True)
class ClassOptions:
    """Which network and data, by which method, and of how many pictures of a class maps are made.

    Without a method, of which there is one at most, the network's ranking chooses, as for maps of pictures. Of all
    classes, or of the one called `target`; `where` are data of the same pictures that tell where things are.
    """

    network: NetworkName
    data: str | None
    methods: Sequence[str] = ()
    pictures: int = 12
    target: str | None = None
    where: str | None = None
    out: Path = Path("explained")
    of_method: MethodOptions = field(default_factory=MethodOptions)
    max_megapixels: float = 100.0


@dataclass(frozen=True)
class Found:
    """What was gathered, class by class, and the page about it; `whole` is false where the user stopped it."""

    classes: Sequence[ClassMaps]
    page: Path
    numbers: Path
    whole: bool


def explain_classes(options: ClassOptions, output: str, listener: Listener) -> bool:
    """Write the page and print what it says; returns whether it is whole, which it is not after Ctrl-C."""
    found = gather_classes(options, listener)
    if output == "json":
        typer.echo(found.numbers.read_text(encoding="utf-8"))
        return found.whole
    for each in (tried for one in found.classes for tried in one.tried):
        typer.echo(each.words)
    typer.echo(BLIND)
    typer.echo(f"{counted(len(found.classes), 'class', 'es')}: {found.page}")
    return found.whole


def gather_classes(options: ClassOptions, listener: Listener) -> Found:
    """Gather maps over the classes of data, and write `classes.html` and `classes.json`, or `classes-2...`.

    Raises `UserError` where answers of the network name no classes, and for data that do not fit it.
    """
    if len(options.methods) > 1:
        raise UserError(f"--method {','.join(options.methods)}: a page of classes is about one method")
    network = load_explained(options.network, listener)
    require(network.model.reader.result, Naming, "--data", network.model.card.task)
    company = company_of(network)
    methods = made_methods(options.methods or [_chosen(company, network, listener)], options.of_method)
    name = next(iter(methods))
    quiet = explained(network.model)  # varied pictures of each map are not counted
    quiet.check(methods)
    gathering = Gathering(quiet, name, methods[name], options.pictures, options.max_megapixels, options.target)
    names = gathering.names
    folder = OutputFolder(options.out, "--out", ())
    source, known = known_pictures(network, options, listener)
    classes, whole = [], True
    try:
        with listener.counting("classes", len(names)) as advance:
            for found in gathering.classes(known):
                classes.append(found)
                advance(1)
    except KeyboardInterrupt:
        whole = False
        listener.say(f"stopped: the page holds the {counted(len(classes), 'class', 'es')} that were done")
    notes = [company.said_of(name)]
    if not whole:
        notes.append(f"Stopped after {len(classes)} of {len(names)} classes.")
    facts = PageFacts(network.model.card.net, source, len(known), name, methods[name].signed, notes)
    return _written(folder, facts, classes, whole)


def _chosen(company: Company, network: ExplainedModel, listener: Listener) -> str:
    """The method where the user names none; it is said why."""
    chosen = company.choice(network)
    listener.say(f"method {chosen.words}")
    return chosen.method


def _written(folder: OutputFolder, facts: PageFacts, classes: Sequence[ClassMaps], whole: bool) -> Found:
    place = folder.place(_NAME, _SUFFIXES)
    page, numbers = (place.with_name(f"{place.name}.{suffix}") for suffix in _SUFFIXES)
    write_atomic(page, class_page(facts, classes))
    document = {
        "net": facts.net,
        "data": facts.data,
        "pictures": facts.pictures,
        "method": facts.method,
        "verdict": facts.notes[0],
        "whole": whole,
        "maps_cannot_see": BLIND,
        "classes": [each.to_json() for each in classes],
        "page": str(page),
    }
    write_atomic(numbers, json_document(document))
    return Found(classes, page, numbers, whole)


def known_pictures(network: ExplainedModel, options: ClassOptions, listener: Listener) -> tuple[str, list[Known]]:
    """The data's name, and what is true of its pictures and was answered to each; unreadable ones are said."""
    dataset, split = _data_of(network, options)
    chosen = evenly(len(split), _MOST_ANSWERED).tolist()
    pictures = [split.images[index] for index in chosen]
    names = [split.names[index] for index in chosen]
    targets = [split.targets[index] for index in chosen]
    elsewhere = _places(options.where)
    known, unread = [], []
    with listener.counting("answering", len(chosen)) as advance:
        answers = answers_of(network, pictures, options.max_megapixels)
        for name, picture, target, answer in zip(names, pictures, targets, answers, strict=True):
            advance(1)
            if answer is None:
                unread.append(name)
                continue
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            places = elsewhere.get(stem) or (target if isinstance(target, Placing) else None)
            known.append(Known(name, picture, names_of(target), names_of(answer), places))
    if unread:
        listener.say(f"{counted(len(unread), 'picture')} could not be read: {', '.join(unread[:5])}")
    if not known:
        raise UserError(f"{dataset.source}: none of its pictures can be read")
    return dataset.source, known


def _data_of(network: ExplainedModel, options: ClassOptions) -> tuple[Dataset, Split]:
    card = network.model.card
    if options.data is None:
        dataset, _ = own_data(options.network.name, card)
    else:
        dataset = read_for(data_for(options.data, card.task), card.task, card.target)
    return dataset, judged_split(dataset)


def _places(where: str | None) -> dict[str, Placing]:
    """What other data of the same pictures tell of places, by the pictures' names."""
    if where is None:
        return {}
    dataset = data_for(where, None)
    found: dict[str, Placing] = {}
    for split in dataset.splits.values():
        found |= by_stem(split.names, [split.targets[index] for index in range(len(split))])
    if not found:
        raise UserError(f"--where {where}: it tells no boxes or masks, but {dataset.task}")
    return found
