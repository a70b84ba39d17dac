"""The script of a saved page in a browser, and what it computes for the operations of a PyTorch module."""

import json
from base64 import b64encode
from importlib.resources import files
from typing import Any

import torch
from tests.browser import Browser
from torch import Tensor, nn

from convsight.inside.written.program import Program, Weights, program_of
from convsight.inside.written.shown_layers import layers_of_steps
from convsight.serve.explore.saved.bundle import bundled


def load(page: Browser, *modules: str) -> None:
    """Put modules into a blank page, where scripts find them as `module_NAME`."""
    page.open("about:blank")
    for name in modules:
        page.run(bundled(name, read).replace("const module_", "var module_"))


def read(name: str) -> str:
    """The text of a module."""
    return (files("convsight.serve.explore.saved") / name).read_text(encoding="utf-8")


def seen(model: nn.Module, given: Tensor) -> Program:
    """The operations of `model` at work on `given`."""
    with torch.no_grad():
        return program_of(model.eval(), given, Weights())


def put(page: Browser, program: Program, given: Tensor) -> None:
    """Run a program in the page: `made` there is what its steps give, `weights` and `given` what they were given."""
    weights = b64encode(program.weights.content()).decode()
    values = json.dumps(given.flatten().tolist())
    page.run(
        f"globalThis.program = {json.dumps(program.to_json())};"
        f"globalThis.weights = module_program.weightsOf('{weights}', {json.dumps(program.weights.shapes())});"
        f"globalThis.given = new module_tensors.Tensor({list(given.shape)}, Float32Array.from({values}));"
    )
    page.run("module_program.run(program, given, weights).then((found) => { globalThis.made = found; })")


def made(page: Browser, step: int) -> Tensor:
    """What a step gave in the page."""
    shape, data = page.run(f"[made[{step}].shape, Array.from(made[{step}].data)]")
    return torch.tensor(data).reshape(shape)


def cell(page: Browser, program: Program, place: dict[str, int]) -> Any:
    """What the page writes of a cell of the first layer of the program."""
    [layer, *_] = layers_of_steps([call.step for call in program.calls])
    told = json.dumps({"name": layer.name, "kinds": layer.kinds, "volume": layer.volume})
    steps = ", ".join(f"{{ index: {n}, step: program.steps[{n}] }}" for n in sorted(layer.wanted))
    return page.run(f"module_layers.cellOf({told}, [{steps}], given, made, weights, {json.dumps(place)})")
