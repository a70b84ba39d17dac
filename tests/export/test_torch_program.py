"""A PyTorch program of ours in use: its weights and its card, and nothing that could run."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import convsight
from convsight.errors import UserError
from convsight.export import verb
from convsight.progress import Silent
from convsight.run import Run
from convsight.runtime.evaluate import evaluate
from convsight.serve.served_models import load_models

SOME = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def program(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("program") / "model.pt2"
    choices: dict[str, Any] = {"int8": False, "half": False, "data": None, "max_loss": 0.5}
    verb.export(str(exported_run.path), "torch", out=file, max_megapixels=100, listener=Silent(), **choices)
    return file


def changed(program: Path, folder: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A copy of `program` whose records are what `change` makes of their names and contents."""
    file = folder / "model.pt2"
    with zipfile.ZipFile(program) as archive, zipfile.ZipFile(file, "w") as other:
        for name in archive.namelist():
            other.writestr(name, change(name, archive.read(name)))
    return file


def test_it_answers_as_the_weights_it_was_made_from_bit_for_bit(program: Path, exported_run: Run) -> None:
    model = convsight.load(program)
    assert model.words == "small, run by torch in float32"
    expected = convsight.load(exported_run.model_file).engine.run(SOME)
    found = model.engine.run(SOME)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_every_verb_takes_it(program: Path, exported_run: Run, photos: Path) -> None:
    assert len(list(convsight.load(program).predict_many([photos]))) == 20
    judged = evaluate(program, "digits", Silent(), split="all")
    assert (
        judged.metrics["train/accuracy"]  # of most of the digits: what it was trained on
        == evaluate(exported_run.model_file, "digits", Silent()).metrics["train/accuracy"]
    )
    assert list(load_models([f"here={program}"])) == ["here"]


def test_it_says_the_same_of_two_exports(program: Path, exported_run: Run, tmp_path: Path) -> None:
    """No name of a temporary file is left in it."""
    with zipfile.ZipFile(program) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"archive"}
    with pytest.raises(UserError, match="in float32 or bfloat16, not int8"):
        convsight.load(program, precision="int8")


class Evil:
    """What a pickle can do."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return exec, ("raise SystemExit('a pickle was run')",)


def test_no_pickle_and_no_expression_in_it_is_run(program: Path, exported_run: Run, tmp_path: Path) -> None:
    def evil(name: str, content: bytes) -> bytes:
        if name.endswith("sample_inputs/model.pt"):
            return pickle.dumps(Evil())
        if name.endswith("models/model.json"):
            return b'{"evil": "__import__(\'os\')._exit(3)"}'
        return content

    model = convsight.load(changed(program, tmp_path, evil))
    expected = convsight.load(exported_run.model_file).engine.run(SOME)["probabilities"]
    np.testing.assert_array_equal(model.engine.run(SOME)["probabilities"], expected)


def with_config(program: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy whose list of weights was changed."""

    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith("model_weights_config.json"):
            return content
        document = json.loads(content)
        change(document["config"])
        return json.dumps(document).encode()

    return changed(program, folder, edit)


def first(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(config.values()))
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: first(config).update(use_pickle=True), "holds pickles"),
        (lambda config: config.popitem(), "do not fit the network"),
        (lambda config: config.update(more=first(config)), "do not fit the network"),
        (lambda config: first(config).update(path_name="weight_999"), "cut short or damaged"),
        (lambda config: first(config).update(path_name="../../x"), "cut short or damaged"),
        (lambda config: first(config)["tensor_meta"].update(dtype=99), "cut short or damaged"),
        (lambda config: first(config)["tensor_meta"].update(sizes=[{"as_int": 10**9}]), "cut short or damaged"),
        (lambda config: first(config)["tensor_meta"].update(strides=[{"as_int": -1}] * 4), "cut short or damaged"),
        (lambda config: first(config)["tensor_meta"].update(storage_offset={"as_int": 10**6}), "cut short or damaged"),
        (lambda config: first(config).pop("tensor_meta"), "cut short or damaged"),
    ],
)
def test_weights_that_are_none_are_refused(
    program: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(UserError, match=rf"model\.pt2.* {message}"):
        convsight.load(with_config(program, tmp_path, change))


def test_what_torch_save_wrote_is_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(2)}, tmp_path / "model.pt2")
    with pytest.raises(UserError, match="without a convsight card"):
        convsight.load(tmp_path / "model.pt2")
