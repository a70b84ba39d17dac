"""Graphs with changed bytes are run or refused: no other error, no end of the process, no waiting without end."""

from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.command import within

from convsight.card import METADATA_KEY
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.results import InvalidOutputError
from convsight.run import Run
from convsight.runtime.batch_results import predictions
from convsight.runtime.engines import engine_for
from convsight.tasks import reader_of

_LONG = 200  # bytes of weights, from which on they are no part of the structure
CHANGES = st.lists(
    st.tuples(st.booleans(), st.integers(0, 10**9), st.sampled_from(["flip", "cut", "again"]), st.integers(0, 7)),
    min_size=1,
    max_size=4,
)


@cache
def parts(file: Path) -> tuple[bytes, NDArray[np.int64], NDArray[np.int64]]:
    """A file before its card, and the positions in it of the structure and of the weights."""
    content = file.read_bytes()
    weights = np.zeros(len(content), np.bool_)
    for tensor in onnx.load_from_string(content).graph.initializer:
        if len(tensor.raw_data) > _LONG:
            start = content.index(tensor.raw_data)
            weights[start : start + len(tensor.raw_data)] = True
    end = content.rindex(METADATA_KEY.encode()) - 10
    return content, np.flatnonzero(~weights[:end]), np.flatnonzero(weights[:end])


def damaged(file: Path, changes: list[tuple[bool, int, str, int]]) -> bytes:
    content, structure, weights = parts(file)
    changed = bytearray(content)
    for of_weights, number, how, bit in changes:
        places = weights if of_weights else structure
        place = int(places[number % len(places)])
        if how == "flip":
            changed[place] ^= 1 << bit
        elif how == "cut":
            del changed[place : place + bit + 1]
        else:
            changed[place:place] = changed[place : place + 8 * bit + 1]
    return bytes(changed)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_changed_graphs_are_run_or_refused(
    exported_run: Run, tmp_path: Path, name: str, changes: list[tuple[bool, int, str, int]]
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(damaged(exported_run.exported_file, changes))
    with suppress(UserError, InvalidOutputError):  # the latter of a graph that runs and gives what is no probability
        card = read_card(file)
        engine = engine_for(file, card, name, "float32")
        list(predictions(engine, reader_of(card), np.zeros((2, 16, 16, 3), np.uint8), [(16, 16)] * 2))


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_the_command_line_says_so(exported_run: Run, photos: Path, tmp_path: Path, name: str) -> None:
    _, structure, _ = parts(exported_run.exported_file)
    codes = []
    for number in np.random.default_rng(0).integers(len(structure), size=6).tolist():
        file = tmp_path / "model.onnx"
        file.write_bytes(damaged(exported_run.exported_file, [(False, number, "cut", 3)]))
        done = within("predict", file, photos / "dark" / "0.png", "--engine", name)
        assert "Traceback" not in done.stderr
        codes.append(done.returncode)
    assert set(codes) <= {0, 2}
    assert 2 in codes
