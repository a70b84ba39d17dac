"""The deployed network run by PyTorch itself, and model files to and from PyTorch networks."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, final

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.export.deployed import Deployed
from convsight.export.owned_tensors import owned_tensors
from convsight.export.program_weights import read_program_weights
from convsight.files import write_atomic
from convsight.model_files import read_card
from convsight.nets.dry_run.build import WithoutMemory
from convsight.nets.memory_format import channels_last
from convsight.runtime.engine import Engine
from convsight.tasks import task_of
from convsight.words import quoted, shortened

_LONGEST_REASON = 1_000  # characters; PyTorch lists every tensor


@final
class TorchEngine(Engine):
    """Runs a deployed graph (`Task.graph`) on `device`."""

    name = "torch"
    streams = 1  # one call uses all cores

    def __init__(self, graph: nn.Module, device: torch.device, number_format: torch.dtype = torch.float32) -> None:
        self.graph = graph
        self.device = device
        self.number_format = number_format
        self.precision = str(number_format).removeprefix("torch.")
        self.processor = device.type.upper()

    @torch.inference_mode()
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.graph.eval()
        half = self.number_format != torch.float32
        with torch.autocast(self.device.type, self.number_format, enabled=half):
            arrays = self._found(torch.from_numpy(inputs).to(self.device))
        return {name: values.float().cpu().numpy() for name, values in arrays.items()}

    def _found(self, inputs: Tensor) -> dict[str, Tensor]:
        try:
            found: dict[str, Tensor] = self.graph(inputs)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
                what = f"{len(inputs)} of {' x '.join(map(str, inputs.shape[1:]))}"
                raise UserError(f"the network needs more memory for inputs ({what}) than there is") from error
            raise
        return found


def engine_of(path: Path, card: Card, precision: str | None = None) -> TorchEngine:
    """The engine for a model file; the GPU if there is one."""
    _format(precision, path)  # before anything large is read
    return graph_engine(load_program(path, card) if path.suffix == ".pt2" else _graph(path, card), precision, path)


def graph_engine(graph: nn.Module, precision: str | None, name: object) -> TorchEngine:
    """The engine for a deployed graph, that of the network called `name`; the GPU if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return TorchEngine(graph.to(device), device, _format(precision, name))


def _format(precision: str | None, name: object) -> torch.dtype:
    formats = {None: torch.float32, "float32": torch.float32, "bfloat16": torch.bfloat16}
    if precision not in formats:
        raise UserError(f"PyTorch runs {name} in float32 or bfloat16, not {precision}")
    return formats[precision]


def engine_in_child(path: Path, card: Card, precision: str | None = None) -> TorchEngine:
    """The same in a process forked from one that has used PyTorch: on one thread, since the others are the parent's.

    Raises `UserError` on a GPU, which a forked process cannot use once its parent has.
    """
    torch.set_num_threads(1)
    try:
        return engine_of(path, card, precision)
    except RuntimeError as error:  # of CUDA
        raise UserError(f"{path}: {str(error).splitlines()[0]}; load the model after the fork") from error


def _graph(path: Path, card: Card) -> nn.Module:
    return task_of(card.task).graph(load_network(path, card), card)


def load_program(path: Path, card: Card) -> nn.Module:
    """What follows the resize in a PyTorch program of ours: the network on its card, with the weights in the file.

    Raises `UserError` where these are not those of the network.
    """
    tensors = read_program_weights(path)
    check_fits(path, card, {name: tuple(value.shape) for name, value in tensors.items()}, partial(Deployed, card=card))
    deployed = Deployed(task_of(card.task).build(card), card)
    load_tensors(deployed, tensors)
    return channels_last(deployed.network.eval())


def save_network(path: Path, model: nn.Module, card: Card) -> None:
    """Write `model` and its card as one safetensors file."""
    write_atomic(path, save(owned_tensors(model.state_dict()), {METADATA_KEY: card.model_dump_json()}))


def load_tensors(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put `tensors` into `model`, name by name; raises RuntimeError where any is missing, extra or of another shape.

    A state dict of PyTorch carries the versions of its layers, which files of tensors do not keep and some networks
    ask for; ours were written by the layers they are read into.
    """
    state = OrderedDict(tensors)
    state._metadata = model.state_dict()._metadata  # type: ignore[attr-defined]
    model.load_state_dict(state)


def check_fits(
    path: Path,
    card: Card,
    shapes: Mapping[str, tuple[int, ...]],
    whole: Callable[[nn.Module], nn.Module] = lambda network: network,
) -> None:
    """Raise `UserError` where tensors of these `shapes`, by name, are not those of `whole` around the card's network.

    Found without memory: a small file may name a network that no machine could hold.
    """
    try:
        with WithoutMemory():
            model = whole(task_of(card.task).build(card))
        load_tensors(model.to("meta"), {name: torch.empty(shape, device="meta") for name, shape in shapes.items()})
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except RuntimeError as error:
        reason = shortened(str(error), _LONGEST_REASON)
        raise UserError(
            f"{path}: its tensors do not fit the network {quoted(card.net)} on its card: {reason}"
        ) from error
    # Whatever a network's own code runs into with sides and channels that nobody meant.
    except Exception as error:
        reason = shortened(f"{type(error).__name__}: {error}", _LONGEST_REASON)
        raise UserError(f"{path}: the network {quoted(card.net)} on its card cannot be built: {reason}") from error


def load_network(path: Path, card: Card | None = None) -> nn.Module:
    """The network of a model file, in evaluation mode.

    Raises `UserError` where the file's tensors are not those of the network on its card.
    """
    card = card or read_card(path)
    try:
        with safe_open(path, "pt") as file:
            check_fits(path, card, {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
        model = task_of(card.task).build(card)
        load_tensors(model, load_file(path))
    except SafetensorError as error:
        raise UserError(f"{path} is damaged: {error}") from error
    return channels_last(model.eval())
