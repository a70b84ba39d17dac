"""The kinds of files a network is exported to, and the ways each can be run."""

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import final

from onnx import ModelProto
from torch import nn

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.export.onnx_graph import halved, onnx_graph, with_card
from convsight.export.parity_check import ParityCheck
from convsight.export.torch_program import TorchProgram, TorchProgramEngine
from convsight.files import write_atomic, write_atomic_with


class Exporter(ABC):
    """A graph in memory that can be written as a file of one kind."""

    suffix: str

    @abstractmethod
    def write(self, file: Path, card: Card) -> None:
        """Write the graph and its card, as a whole or not at all."""

    @abstractmethod
    def checks(self, file: Path, card: Card) -> list[ParityCheck]:
        """The ways to run the written `file`, each to be compared with the original."""


@final
class OnnxExporter(Exporter):
    """One ONNX file."""

    suffix = ".onnx"

    def __init__(self, graph: ModelProto) -> None:
        self.graph = graph

    def write(self, file: Path, card: Card) -> None:
        write_atomic(file, with_card(self.graph, card))

    def checks(self, file: Path, card: Card) -> list[ParityCheck]:
        return [*_by_onnxruntime(file, card), *_by_openvino(file, card)]


@final
class OpenVINOExporter(Exporter):
    """OpenVINO's pair of files, `.xml` and `.bin`."""

    suffix = ".xml"

    def __init__(self, graph: ModelProto) -> None:
        from convsight.runtime.openvino_import import ov  # noqa: PLC0415  not in every install

        self.model = ov.Core().read_model(graph.SerializeToString())

    def write(self, file: Path, card: Card) -> None:
        from convsight.runtime.openvino_import import ov  # noqa: PLC0415  not in every install

        self.model.set_rt_info(card.model_dump_json(), [METADATA_KEY])

        def write_both(draft: Path) -> None:
            weights = draft.with_suffix(".bin")
            try:
                ov.save_model(self.model, draft, compress_to_fp16=card.weights == "float16")
                file.unlink(missing_ok=True)  # an old XML must never stand over new weights
                write_atomic(file.with_suffix(".bin"), weights.read_bytes())
            except RuntimeError as error:
                raise UserError(f"cannot write {file}: {error}") from error
            finally:
                weights.unlink(missing_ok=True)

        write_atomic_with(file, write_both)

    def checks(self, file: Path, card: Card) -> list[ParityCheck]:
        return _by_openvino(file, card)


@final
class TorchExporter(Exporter):
    """A traced PyTorch program, which PyTorch runs without convsight."""

    suffix = ".pt2"

    def __init__(self, program: TorchProgram) -> None:
        self.program = program

    def write(self, file: Path, card: Card) -> None:
        self.program.write(file, card)

    def checks(self, file: Path, card: Card) -> list[ParityCheck]:
        return [ParityCheck(TorchProgramEngine(file, card), "raw", card.weights)]


def make_exporter(to: str, model: nn.Module, card: Card) -> Exporter:
    """The graph of `model` for a file of the kind `to`: onnx, openvino or torch; in float16 where the card says so."""
    if to == "torch":
        return TorchExporter(TorchProgram(model, card))
    graph = onnx_graph(model, card)
    return graph_exporter(to, halved(graph) if card.weights == "float16" and to == "onnx" else graph)


def graph_exporter(to: str, graph: ModelProto) -> Exporter:
    """An ONNX graph for a file of the kind `to`: onnx or openvino."""
    if to not in {"onnx", "openvino"}:
        raise UserError(f"{to} files hold float32 or float16; --int8 goes with --to onnx or openvino")
    return OnnxExporter(graph) if to == "onnx" else OpenVINOExporter(graph)


def check_installed(to: str) -> None:
    """Raise `UserError` where a package is missing that an export to the kind of file `to` needs."""
    if to != "torch" and not _is_installed("onnxscript"):
        raise UserError('exporting needs onnxscript: pip install ".[train]" in the clone of convsight')
    if to == "openvino" and not _is_installed("openvino"):
        raise UserError("exporting for OpenVINO needs openvino: pip install openvino")
    if to == "onnx" and not (_is_installed("onnxruntime") or _is_installed("openvino")):
        raise UserError("proving an ONNX file needs an engine that runs it: pip install openvino, or onnxruntime")


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def _by_onnxruntime(file: Path, card: Card) -> list[ParityCheck]:
    if not _is_installed("onnxruntime"):
        return []
    from convsight.runtime.onnxruntime_engine import OnnxRuntimeEngine  # noqa: PLC0415  not in every install

    return [ParityCheck(OnnxRuntimeEngine(file, card), "raw", card.weights)]


def _by_openvino(file: Path, card: Card) -> list[ParityCheck]:
    if not _is_installed("openvino"):
        return []
    from convsight.runtime.openvino_engine import OpenVINOEngine, knows_bfloat16  # noqa: PLC0415  not in every install

    precision = "int8" if card.weights == "int8" else "float32"
    ways = [
        ParityCheck(OpenVINOEngine(file, card, precision, raw=True), "raw", card.weights),
        ParityCheck(OpenVINOEngine(file, card, precision, cached=False), "fitted", card.weights),
    ]
    if card.weights == "float32" and knows_bfloat16():
        ways.append(
            ParityCheck(OpenVINOEngine(file, card, "bfloat16", cached=False), "fitted", "bfloat16", needed=False)
        )
    return ways
