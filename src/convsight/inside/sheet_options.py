"""What sheets of the inside of a network share: which network, with which pictures, where files go and how."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from PIL import Image

from convsight.files import write_atomic, write_atomic_with
from convsight.inside.open_network import OpenNetwork, open_network
from convsight.inside.real_pictures import RealPictures, real_pictures
from convsight.printing import json_document
from convsight.progress import Listener
from convsight.runtime.find_network import NetworkName
from convsight.runtime.output_folder import OutputFolder


@dataclass(frozen=True)
class SheetOptions:
    """Which network is looked into, with which pictures, and where the files go.

    `pictures` is how many of `data`, by default of what the run was judged on, are looked at; None is the rule of each
    sheet. Of videos every `every`-th frame is.
    """

    network: NetworkName
    out: Path = Path("explained")
    layer: str | None = None
    data: str | None = None
    pictures: int | None = None
    channels: int = 12
    seed: int = 0
    max_megapixels: float = 100.0
    every: int = 1

    def open(self) -> OpenNetwork:
        """The network with its gradients."""
        return open_network(self.network.name, self.network.weights, download=self.network.download)

    def real(self, network: OpenNetwork, count: int, listener: Listener) -> RealPictures:
        """So many real pictures, or as many as were asked for."""
        count = self.pictures or count
        return real_pictures(self.network.name, network.card, self.data, count, listener, self.max_megapixels)

    def folder(self) -> OutputFolder:
        """Where the files go; raises `UserError`, before anything is computed, where the folder cannot be made."""
        return OutputFolder(self.out, "--out", ())


def new_sheet(folder: OutputFolder, name: str) -> Path:
    """A new `name.png` in the folder, or `name-2.png` where there is such a sheet, or the numbers of one, already."""
    place = folder.place(name, ("png", "json"))
    return place.with_name(f"{place.name}.png")


def write_sheet(file: Path, sheet: Image.Image | None, document: dict[str, Any]) -> None:
    """Write a sheet, if there is one, and its numbers beside it."""
    if sheet is not None:
        write_atomic_with(file, lambda place: sheet.save(place, format="PNG"))
    write_atomic(file.with_suffix(".json"), json_document(document))


def tell(output: str, document: dict[str, Any], words: str) -> None:
    """Print the numbers as JSON, or the words."""
    typer.echo(json_document(document) if output == "json" else words)
