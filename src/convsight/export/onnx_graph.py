"""The deployed graph as an ONNX model: made by PyTorch's exporter, stripped, with the card in its metadata."""

import io
import re
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout

import numpy as np
import onnx
import torch
from google.protobuf.message import Message
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.export.deployed import trace
from convsight.runtime.engine import FITTED
from convsight.versions import versions

_LARGEST = 2**31 - 2**24  # bytes of weights, so that graph and card fit beside them
_WORTH_HALVING = 256  # numbers; smaller tensors stay as they are


def onnx_graph(model: nn.Module, card: Card) -> ModelProto:
    """The deployed graph of `model`: `pictures` uint8 (batch, height, width, 3) most often, to the task's arrays.

    The input is called and typed as the card's `input` says. As the network takes it, it is the tensor `fitted` in the
    middle of the graph. Raises `UserError` where the network
    does something that ONNX has no word for, and where it is too large for one file.
    """
    _check_size(model, card.net)
    try:
        program, names = trace(model, card)
        # The exporter tells its progress on standard output, which belongs to the verbs.
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = torch.onnx.export(
                program, dynamo=True, verbose=False, input_names=[card.input.graph_name], output_names=names
            )
        assert exported is not None
        graph: ModelProto = exported.model_proto
        _strip(graph)
        _name_sides(graph, card.input.free_axes)
        onnx.checker.check_model(graph, full_check=True)
    except Exception as error:  # PyTorch raises whatever its tracer and translator run into
        reason = str(error).strip().splitlines()
        raise UserError(
            f"{card.net} cannot be exported: {reason[0] if reason else type(error).__name__}; "
            "it still works from its model.safetensors"
        ) from error
    return graph


def _check_size(model: nn.Module, net: str) -> None:
    """Raise `UserError` where the weights alone are more than one ONNX file may hold."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in (*model.parameters(), *model.buffers()))
    if size > _LARGEST:
        raise UserError(
            f"{net} cannot be exported: its weights are {size / 1e9:.2f} GB, and one ONNX file holds 2 GB; "
            "it still works from its model.safetensors"
        )


def with_card(graph: ModelProto, card: Card) -> bytes:
    """The content of an ONNX file of `graph` that carries `card`."""
    copy = ModelProto()
    copy.CopyFrom(graph)
    copy.producer_name, copy.producer_version = "convsight", versions()["convsight"]
    del copy.metadata_props[:]
    helper.set_model_props(copy, {METADATA_KEY: card.model_dump_json()})
    content: bytes = copy.SerializeToString()
    return content


def halved(graph: ModelProto) -> ModelProto:
    """`graph` with weights stored in float16 and cast back when it is loaded: half the file, the same arithmetic."""
    found = ModelProto()
    found.CopyFrom(graph)
    casts = []
    for weight in found.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and np.prod(weight.dims) >= _WORTH_HALVING:
            values, name = numpy_helper.to_array(weight), weight.name
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *found.graph.node]
    del found.graph.node[:]
    found.graph.node.extend(nodes)
    return found


def nodes_before_fitted(graph: ModelProto) -> list[str]:
    """Names of the nodes that make the tensor `fitted` from the originals."""
    made_by = {output: node for node in graph.graph.node for output in node.output}
    waiting, found = [FITTED], set()
    while waiting:
        node = made_by.get(waiting.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            waiting.extend(node.input)
    return sorted(found)


def _strip(graph: ModelProto) -> None:
    """Remove the second use of `fitted` as an output, and the exporter's notes, which name files of this machine."""
    kept = [output for output in graph.graph.output if output.name != FITTED]
    del graph.graph.output[:]
    graph.graph.output.extend(kept)
    _remove_notes(graph)


def _remove_notes(message: Message) -> None:
    """Empty every doc_string and metadata_props, in nodes, values, functions and the branches of If and Loop alike."""
    for field, value in message.ListFields():
        if field.name in {"doc_string", "metadata_props"}:
            message.ClearField(field.name)
        elif field.message_type is not None:
            for inner in [value] if isinstance(value, Message) else value:
                _remove_notes(inner)


def _name_sides(graph: ModelProto, free_axes: Mapping[int, str]) -> None:
    """Call the free sides batch, height and width wherever they occur; the exporter numbers them (s77)."""
    sides = graph.graph.input[0].type.tensor_type.shape.dim
    names = {sides[axis].dim_param: name for axis, name in free_axes.items()}
    numbered = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names))
    for value in (*graph.graph.input, *graph.graph.output, *graph.graph.value_info):
        for side in value.type.tensor_type.shape.dim:
            if side.HasField("dim_param"):  # may be a sum or a product of such names
                side.dim_param = numbered.sub(lambda found: names[found[0]], side.dim_param)
