"""The functions of `import convsight`."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic_core import PydanticUndefined

import convsight
import convsight.export.verb
from convsight.errors import UserError
from convsight.explain.options import ExplainOptions
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks.choices import own_names

CHOICES: dict[str, Any] = {"net": "lecture3", "size": 16, "quiet": True, "export": False}


def test_the_signature_of_train_has_every_setting_with_its_default() -> None:
    """Where this fails a setting is new: add it to `convsight.train`."""
    signature = inspect.signature(convsight.train).parameters
    general = {name: info for name, info in TrainSettings.model_fields.items() if name not in ("data", "own", "given")}
    own = {name: None for name in own_names() if name not in general}
    others = {"data", "quiet", "unknown", "augmentation", "on_epoch", "on_step"}
    assert set(signature) - others == set(general) | set(own)
    for name, info in general.items():
        default = None if info.default is PydanticUndefined else info.default
        assert signature[name].default == default, name
        # The kinds of values too, as far as these are written alike.
        told_apart = "Literal" in str(info.annotation) or info.annotation in (int, float, bool)
        if told_apart and name not in ("workers", "optimizer"):  # which may be an object
            assert signature[name].annotation == info.annotation, name
    for name in own:
        assert signature[name].default is None, name


def test_a_table_in_memory_is_trained_on_resumed_judged_and_exported(photos: Path, tmp_path: Path) -> None:
    paths = sorted(map(str, photos.rglob("*.png")))
    table = pd.DataFrame({"path": paths, "label": [Path(path).parent.name for path in paths]})
    run = convsight.train(table, run=tmp_path / "run", epochs=1, **CHOICES)
    assert run.settings()[0].data == "table in memory"
    judged = convsight.evaluate(run.path, table, quiet=True)
    assert judged.metrics["test/accuracy"].value == pytest.approx(run.metrics["test/accuracy"].value)
    verbs: list[Callable[..., Any]] = [convsight.evaluate, convsight.export, convsight.resume]
    for verb in verbs:
        with pytest.raises(UserError, match=r"'table in memory': give it again, data=\.\.\."):
            verb(run.path, quiet=True)
    assert convsight.resume(run.path, data=table, epochs=2, quiet=True).card.training["epochs"] == 2


def test_export_gives_the_file_and_its_proofs(exported_run: Run, tmp_path: Path) -> None:
    exported = convsight.export(exported_run.path, out=tmp_path / "again.onnx", quiet=True)
    assert exported.file == tmp_path / "again.onnx"
    assert exported.card.proofs[0].holds
    assert callable(convsight.export)  # though the package of that name has been imported
    assert "max_loss" in inspect.signature(convsight.export).parameters
    assert "convsight export" in (convsight.export.__doc__ or "")


def test_type_checkers_know_every_option_of_explain_with_its_type() -> None:
    parameters = inspect.signature(convsight.explain).parameters.values()
    named = {each.name: each.annotation for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
    assert named == ExplainOptions.__annotations__


def test_describe_is_a_function_and_a_package() -> None:
    from convsight.describe import describe

    assert convsight.describe("lecture1", (28, 28, 1)).parameters == describe("lecture1", (28, 28, 1)).parameters


def test_audit_takes_what_train_takes() -> None:
    same = np.zeros((4, 40, 40, 3), np.uint8)
    found = convsight.audit((same, ["a", "a", "b", "b"]), quiet=True)
    assert found.wrong
    assert found.data == "arrays in memory"


@pytest.mark.parametrize("data", [3, None, object(), np.zeros((2, 8, 8))])
def test_data_of_another_type_is_no_path(data: object) -> None:
    with pytest.raises(TypeError, match=r"give a path, the name of a known data set, \(images, labels\)"):
        convsight.train(data)


def test_a_module_that_cannot_be_the_network_is_told_shortly(photos: Path) -> None:
    from torch import nn

    with pytest.raises(UserError, match=r"the network Sequential answers \(2, 3, 18, 18\) for 2 images") as raised:
        convsight.train(photos, net=nn.Sequential(*[nn.Conv2d(3, 3, 3)] * 200), size=418, colour="rgb", quiet=True)
    assert len(str(raised.value)) < 300


def test_importing_it_imports_nothing_more() -> None:
    heavy = ("torch", "numpy", "pydantic", "rich", "PIL", "inspect")
    code = f"import sys, convsight; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
