"""The deployed network run by OpenVINO, the fastest engine on most processors."""

import os
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.card import Card
from convsight.errors import UserError
from convsight.runtime.compiled_cache import cache_file, read_cached, write_cached
from convsight.runtime.engine import FITTED, Engine
from convsight.runtime.graph_memory import check_graph_memory
from convsight.runtime.openvino_import import core, ov
from convsight.words import shortened

# The first exchange of an array between NumPy and OpenVINO's binding sets up tables of types, and where two threads
# come to it at once, each waits for a lock of the other for ever. So it is made here, while there is one.
ov.Tensor(np.zeros((1, 1), np.uint8), shared_memory=True).element_type.to_dtype()

# OpenVINO's own default on processors that know bfloat16 would blur the resize of raw images by tens of grey levels.
_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}

# What it raises at damaged graphs; ValueError where their texts are no UTF-8.
_FAULTS = (RuntimeError, ValueError, TypeError, MemoryError)


@final
class OpenVINOEngine(Engine):
    """Runs an exported graph on the processor; with `raw` the whole of it, else what follows the resize."""

    name = "openvino"

    def __init__(
        self, file: Path, card: Card, precision: str | None = None, *, raw: bool = False, cached: bool = True
    ) -> None:
        its = core()
        self.precision = _checked(its, card, precision) if precision else _best_precision(its, card, raw)
        config = _config(self.precision)
        # The weights of a network from the cache stay where they were read, so that is kept as long as the network.
        self._blob, compiled = (
            _cached(its, file, card, config) if cached and not raw else (None, _compiled(its, file, card, config, raw))
        )
        self.streams = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._names = [output.get_any_name() for output in compiled.outputs]
        self._file = file
        self._idle: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(self.streams):
            self._idle.put(compiled.create_infer_request())

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        request = self._idle.get()
        try:
            request.infer([np.ascontiguousarray(inputs)], share_inputs=True, share_outputs=True)
            # Copied: the request's own memory is written again by its next call.
            found = [request.get_output_tensor(place).data.copy() for place in range(len(self._names))]
        except _FAULTS as error:
            raise _cannot_run(self._file, error) from error
        finally:
            self._idle.put(request)
        return dict(zip(self._names, found, strict=True))


def _cached(core: ov.Core, file: Path, card: Card, config: dict[str, Any]) -> tuple[ov.Tensor | None, ov.CompiledModel]:
    """The compiled graph for fitted images, from the cache or into it, and what its weights lie in."""
    processor = str(core.get_property("CPU", "FULL_DEVICE_NAME"))
    cache = cache_file(file, card.fingerprint(), ov.__version__, processor, repr(sorted(config.items())))
    blob = read_cached(cache) if cache else None
    if blob is not None:
        with suppress(RuntimeError, TypeError):  # damaged, or a version that takes no tensor: compiled again
            tensor = ov.Tensor(np.frombuffer(blob, np.uint8), shared_memory=True)
            return tensor, core.import_model(tensor, "CPU", config)
    compiled = _compiled(core, file, card, config, raw=False)
    if cache:
        with suppress(RuntimeError):  # not kept: compiled again next time
            write_cached(cache, compiled.export_model().getvalue())
    return None, compiled


def _compiled(core: ov.Core, file: Path, card: Card, config: dict[str, Any], raw: bool) -> ov.CompiledModel:
    try:
        model = core.read_model(file)
    except _FAULTS as error:
        raise UserError(f"OpenVINO cannot read {file}: {_last_line(error)}; export it again") from error
    check_graph_memory(model, file)
    try:
        whole = raw or card.input.is_tiled  # tiles are never resized, so the graph begins with what follows
        return core.compile_model(model if whole else _after_fitting(model, card), "CPU", config)
    except _FAULTS as error:
        raise _cannot_run(file, error) from error


def knows_bfloat16() -> bool:
    """Whether this processor computes in bfloat16."""
    return _knows_bfloat16(core())


def _knows_bfloat16(core: ov.Core) -> bool:
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _best_precision(core: ov.Core, card: Card, raw: bool) -> str:
    """int8 where the file is; else bfloat16 where the processor has it and the file's proof allows it."""
    if card.weights == "int8":
        return "int8"
    fast = not raw and card.proven(OpenVINOEngine.name, "bfloat16") and _knows_bfloat16(core)
    return "bfloat16" if fast else "float32"


def _checked(core: ov.Core, card: Card, precision: str) -> str:
    """The number format asked for; raises `UserError` where the file or the processor does not have it."""
    possible = ("int8",) if card.weights == "int8" else ("float32", "bfloat16")
    if precision not in possible:
        raise UserError(f"OpenVINO runs this file in {' or '.join(possible)}, not {precision}; leave --precision out")
    if precision == "bfloat16" and not _knows_bfloat16(core):
        raise UserError("this processor does not compute in bfloat16; leave --precision out")
    return precision


def _config(precision: str) -> dict[str, Any]:
    threads = os.environ.get("OMP_NUM_THREADS", "")
    limit = {"INFERENCE_NUM_THREADS": int(threads)} if threads.isdecimal() and int(threads) else {}
    return {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": _HINTS[precision], **limit}


def _after_fitting(model: ov.Model, card: Card) -> ov.Model:
    """The part of a graph that follows the resize: fitted inputs in, the same outputs."""
    fitted = next((out for op in model.get_ops() for out in op.outputs() if FITTED in out.get_names()), None)
    if fitted is None:
        raise UserError(f"the graph has no tensor {FITTED!r}; export it again with this version of convsight")
    spec = card.input
    inputs = ov.opset13.parameter([-1, *spec.array_shape], ov.Type(spec.dtype), name=spec.graph_name)
    # The network asks the input itself for the size of the batch.
    for target in (*fitted.get_target_inputs(), *model.input().get_target_inputs()):
        target.replace_source_output(inputs.output(0))
    results = [result for result in model.get_results() if FITTED not in result.input_value(0).get_names()]
    return ov.Model(results, [inputs], "network")


def _cannot_run(file: Path, error: Exception) -> UserError:
    return UserError(f"OpenVINO cannot run {file}: {_last_line(error)}; export it again")


def _last_line(error: Exception) -> str:
    return shortened((str(error).strip().splitlines() or [type(error).__name__])[-1], 300)
