"""`load_keras`: a network that Keras saved, with its weights; `keras_entry`: the same network with fresh ones."""

from pathlib import Path

from torch import nn

from convsight.nets.entry import NetEntry
from convsight.nets.keras.archive import is_keras_file, read_archive
from convsight.nets.keras.assign_weights import slots
from convsight.nets.keras.convert import convert
from convsight.nets.keras.model import read_model
from convsight.nets.keras.stored_weights import opened
from convsight.nets.text.build import build
from convsight.nets.text.entry import entry_of
from convsight.nets.text.parse import parse
from convsight.nets.text.shape_check import check_volume
from convsight.nets.text.unparse import unparse

__all__ = ["is_keras_file", "keras_entry", "keras_text", "load_keras"]


def keras_text(path: str | Path) -> str:
    """The canonical text of the network in a file of Keras: it alone rebuilds the network, so a card stores it.

    Raises `UserError` for a damaged file, a network that is not Sequential, and a layer that is not known here.
    """
    archive = read_archive(Path(path), weights=False)
    return unparse(convert(read_model(archive.path, archive.description)).net)


def keras_entry(path: str | Path) -> NetEntry:
    """The network in a file of Keras as the catalogue's entries are: fresh weights, logits out.

    The file fixes what the network takes: other sides (where it names them), channels and outputs are a `UserError`.
    """
    path = Path(path)
    net = parse(keras_text(path))
    return entry_of(net, f"{len(net.layers)} layers of a Keras network", source=str(path))


def load_keras(path: str | Path) -> nn.Module:
    """The network in a file of Keras with its weights, in evaluation mode, a softmax at its end included.

    Takes what the Keras network took, in the same units, as float32 (batch, channels, *sides), and answers as it did
    to 1e-5. Raises `UserError` for what `keras_text` refuses, and for weights that are missing or do not fit.
    """
    archive = read_archive(Path(path), weights=True)
    converted = convert(read_model(archive.path, archive.description))
    steps = check_volume(parse(unparse(converted.net)), converted.input)
    net = build(steps)
    with opened(archive) as stored:
        for step, origin in zip(steps, converted.origins, strict=True):
            wanted = slots(step.layer, net.get_submodule(step.name), origin.kind)
            if wanted:
                for slot, numbers in zip(wanted, stored.arrays(origin, [slot.shape for slot in wanted]), strict=True):
                    slot.fill(numbers)
    return net.eval()
