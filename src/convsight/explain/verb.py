"""`convsight explain`: maps of pictures, printed and written to a folder."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convsight.errors import UserError
from convsight.explain.evidence.company import Company, company_of
from convsight.explain.explain import ExplainedModel, load_explained, made_methods, map_of
from convsight.explain.importance_map import ImportanceMap
from convsight.explain.map_files import MapFiles
from convsight.explain.method import METHODS, Method, MethodOptions
from convsight.images import ImageError
from convsight.printing import json_document, while_read
from convsight.progress import Listener, Silent, counting_beside_output
from convsight.runtime.find_network import NetworkName
from convsight.runtime.sources import Item, read_sources
from convsight.runtime.sources.folders import LeftOut
from convsight.tasks.question import NothingThereError
from convsight.words import counted, visible


@dataclass(frozen=True)
class ExplainOptions:
    """Which pictures are explained, how, and where the files go; of videos every `every`-th frame."""

    network: NetworkName
    pictures: Sequence[str]
    methods: Sequence[str]
    target: str | None = None
    out: Path = Path("explained")
    method: MethodOptions = field(default_factory=MethodOptions)
    max_megapixels: float = 100.0
    evidence: bool = True
    every: int = 1


def explain_pictures(options: ExplainOptions, output: str, listener: Listener) -> int:
    """Write and print maps of each picture; returns how many pictures have none.

    Whatever is wrong with the network, the methods or their options is found before anything is written. A picture
    that cannot be read, or has nothing that is asked about, is reported in its place.
    """
    if not options.pictures:
        raise UserError("name pictures to explain: files, folders, patterns, URLs")
    if options.methods:
        made_methods(options.methods, options.method)
    network = load_explained(options.network, listener)
    company = company_of(network)
    if not options.methods:
        chosen = company.choice(network)
        listener.say(f"method {chosen.words}")
        options = replace(options, methods=[chosen.method])
    methods = made_methods(options.methods, options.method)
    network.check(methods)
    left_out = LeftOut()
    items = read_sources(options.pictures, options.every, network.spec.is_file, left_out=left_out)
    files = MapFiles(options.out, options.pictures, list(methods))
    alone = len(options.pictures) == 1 and Path(options.pictures[0]).is_file()  # whose varied pictures are counted
    explaining = _Explaining(
        options, network if alone else ExplainedModel(network.model), methods, files, output, listener, company
    )
    without = 0
    with while_read(), counting_beside_output(Silent() if alone else listener, "explaining") as advance:
        try:
            for item in items:
                without += not explaining.explain(item)
                advance(1)
        except KeyboardInterrupt:
            listener.say(f"stopped; {counted(files.count, 'map')} finished before, in {options.out}")
            raise
    if left_out.words:
        listener.say(f"note: {left_out.words}")
    return without


@dataclass(frozen=True)
class _Explaining:
    """What is done to each picture."""

    options: ExplainOptions
    network: ExplainedModel
    methods: dict[str, Method]
    files: MapFiles
    output: str
    listener: Listener
    company: Company

    def explain(self, item: Item) -> bool:
        """Write and print the maps of a picture; whether it has any."""
        try:
            subject = self.network.subject(item, self.options.target, self.options.max_megapixels)
            image = subject.original()
        except (ImageError, NothingThereError) as error:
            self._print(item.name, {"error": str(error)}, f"error: {error}")
            return False
        if subject.remark:
            self.listener.say(f"note: {item.name}: {subject.remark}")
        # What not every network can be explained by comes first, so that a wrong one is told before a map is written.
        ahead = {name: map_of(subject, name, method) for name, method in self.methods.items() if METHODS[name].needs}
        place, found = self.files.place(item.name), list[ImportanceMap]()
        for name, method in self.methods.items():
            made = ahead[name] if name in ahead else map_of(subject, name, method)
            if self.options.evidence:
                made = self.company.judged(made, subject)
            found.append(made)
            written = self.files.write(place, made, image)
            if len(found) == len(self.methods) > 1:
                written.append(self.files.write_sheet(place, item.name, found, image))
            self._print(item.name, {**made.to_json(), "files": [str(file) for file in written]}, _told(made, written))
        return True

    def _print(self, name: str, document: dict[str, Any], words: str) -> None:
        text = json_document({"file": name, **document}) if self.output == "json" else visible(f"{name}: {words}")
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _told(found: ImportanceMap, written: Sequence[Path]) -> str:
    sheet = f", all in {written[-1]}" if written[-1].name.endswith("sheet.png") else ""
    return f"{', '.join(found.words)}: {written[0]}{sheet}"
