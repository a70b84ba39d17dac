"""Which file of a trained network is run: its exported graph where there is an engine for it, else its weights."""

from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.net_list.listed import listed_nets
from convsight.run import RUNS, Run
from convsight.runtime.engines import engines_for


def find_deployed(path: str | Path, engine: str | None = None, precision: str | None = None) -> tuple[Path, Card]:
    """The file and card meant by a run folder, a run's name under `runs/`, or a file itself, to be run by `engine`.

    Of a run folder it is `model.onnx`, if it is the network of `model.safetensors` and an engine for it is installed;
    for `precision` int8 it is `model.int8.onnx`. Raises `UserError` where there is none.
    """
    for place in (Path(path), RUNS / path):
        if place.is_dir():
            found = _int8_in_folder(Run(place)) if precision == "int8" else _in_folder(Run(place), engine)
            if found is not None:
                return found
        elif place.is_file():
            return place, read_card(place)
    if any(place.is_dir() for place in (Path(path), RUNS / path)):
        raise UserError(f"{path} holds no model.safetensors and no model.onnx; give a run folder or a model file")
    if str(path) in listed_nets():
        raise UserError(
            f"{path} is the name of a network, which needs weights: --weights imagenet or FILE to predict with, "
            f"convsight pull torchvision/{path} for every verb; or give a run folder (runs/NAME) or a model file"
        )
    raise UserError(f"{path} does not exist; give a run folder (runs/NAME) or a model file")


def _in_folder(run: Run, engine: str | None) -> tuple[Path, Card] | None:
    weights = (run.model_file, run.card) if run.model_file.is_file() else None
    if run.exported_file.is_file() and (weights is None or _can_run(run.exported_file, engine)):
        card = read_card(run.exported_file)
        # After more training the older graph is another network.
        if weights is None or card.source() == weights[1]:
            return run.exported_file, card
    return weights


def _int8_in_folder(run: Run) -> tuple[Path, Card]:
    make = f"make it with: convsight export {run.path} --int8"
    if not run.int8_file.is_file():
        raise UserError(f"{run.path} holds no {run.int8_file.name}; {make}")
    card = read_card(run.int8_file)
    if run.model_file.is_file() and card.source() != run.card:
        raise UserError(f"{run.int8_file} is of an older training than {run.model_file.name}; {make}")
    return run.int8_file, card


def _can_run(file: Path, engine: str | None) -> bool:
    installed = engines_for(file)
    return engine in installed if engine else bool(installed)
