"""The verbs `pull torchvision/NET` and `card`: a model folder of weights that were trained elsewhere."""

from pathlib import Path

from convsight.card import Card
from convsight.export.torch_engine import save_network
from convsight.files import write_atomic
from convsight.hub.config import config_text
from convsight.hub.known_files import CONFIG
from convsight.pretrained.network import Network
from convsight.pretrained.published import published_network
from convsight.progress import Listener
from convsight.run import Run


def write_published(folder: Path, name: str, weights: str | None, listener: Listener, *, download: bool) -> Card:
    """Fill `folder` with the network of a library called `name`: see `published_network`."""
    return write_network(folder, published_network(name, weights, download=download), listener)


def write_network(folder: Path, network: Network, listener: Listener) -> Card:
    """Fill `folder` with what every verb takes: the weights with their card, and that as the hub reads it."""
    for note in network.notes:
        listener.say(f"note: {note}")
    model, done = network.model()
    for words in done:
        listener.say(words)
    save_network(Run(folder).model_file, model, network.card)
    write_atomic(folder / CONFIG, config_text(network.card))
    return network.card
