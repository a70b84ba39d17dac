"""The verb `export`: which network, which data prove it, where the file goes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from convsight.card import Card
from convsight.datasets import UNSPLIT, Dataset, Examples, Split, apply_splits_csv, read_for
from convsight.datasets.checks import check_judgeable
from convsight.datasets.read_examples import read_examples
from convsight.errors import UserError
from convsight.export.export import export_int8, export_network
from convsight.export.exporters import OnnxExporter, OpenVINOExporter, TorchExporter, check_installed
from convsight.export.parity_check import Pixels
from convsight.export.proof_images import PREFERRED_SPLITS, enough_images, proof_images
from convsight.images import Source
from convsight.model_files import read_card
from convsight.printing import json_document
from convsight.progress import Listener
from convsight.run import Run, find_weights_file
from convsight.runtime.evaluate import is_of_training, own_data
from convsight.runtime.sources.folders import images_in
from convsight.tasks import reader_type
from convsight.tasks.adoption import data_for
from convsight.tasks.reader import check_targets

_SUFFIXES = {"onnx": OnnxExporter.suffix, "openvino": OpenVINOExporter.suffix, "torch": TorchExporter.suffix}


@dataclass(frozen=True)
class Exported:
    """An exported file and its card, on which its proofs are."""

    file: Path
    card: Card


def export(
    path: str | Path,
    to: str,
    *,
    int8: bool,
    half: bool,
    data: str | Path | Dataset | None,
    out: Path | None,
    max_loss: float,
    max_megapixels: float,
    listener: Listener,
) -> Exported:
    """Export the network at `path`; raises `UserError` where that cannot be, or where a proof does not hold."""
    check_installed(to)
    if int8 and half:
        raise UserError("--int8 and --half are two number formats; give one")
    source = find_weights_file(path)
    card = read_card(source).model_copy(update={"weights": "float16" if half else "float32"})
    file = out or source.with_name(f"{source.stem}{'.int8' if int8 else '.half' if half else ''}{_SUFFIXES[to]}")
    if file.suffix != _SUFFIXES[to]:
        raise UserError(f"--out {file}: a file for {to} ends in {_SUFFIXES[to]}")
    if not int8:
        card = export_network(source, card, to, file, _proof(path, card, data, max_megapixels), listener)
    else:
        dataset = _dataset(path, card, data)
        split = next(dataset.splits[name] for name in PREFERRED_SPLITS if name in dataset.splits)
        examples = _examples(dataset.source, split, card, max_megapixels, listener)
        images = partial(proof_images, enough_images(dataset), card.input, max_megapixels)
        card = export_int8(source, card, to, file, images, examples, _in_words(dataset, split), max_loss, listener)
    return Exported(file, card)


def _proof(
    path: str | Path, card: Card, data: str | Path | Dataset | None, max_megapixels: float
) -> Callable[[], Iterator[Pixels]]:
    """The images of a proof: those in a folder, whatever it is for, or of data with known targets."""
    files: Sequence[Source] = []
    if isinstance(data, str | Path) and Path(data).is_dir():
        files = sorted(
            Path(item.name) for item in images_in(Path(data), card.input.is_file, is_whole=card.input.is_whole)
        )
    return partial(proof_images, files or enough_images(_dataset(path, card, data)), card.input, max_megapixels)


def _dataset(path: str | Path, card: Card, data: str | Path | Dataset | None) -> Dataset:
    """The data of the run at `path`, or those called `data`."""
    if data is None and Run.of_network(path) is None:
        raise UserError(f"{path} comes without its data: name real images for the proof with --data")
    if data is None:
        return own_data(path, card)[0]
    dataset, run = read_for(data_for(data, card.task), card.task, card.target), Run.of_network(path)
    check_targets(reader_type(card.task), dataset)
    # Where they have only moved, images that were learnt do not judge 8-bit numbers.
    own = run is not None and is_of_training(dataset, card, run)
    return apply_splits_csv(dataset, run.splits()) if run is not None and own else dataset


def _examples(source: str, split: Split, card: Card, max_megapixels: float, listener: Listener) -> Examples:
    check_judgeable(source, split)
    read = read_examples(
        source,
        {split.name: split},
        card.input,
        listener,
        skip_unreadable=True,
        workers=2,
        max_megapixels=max_megapixels,
    )
    return read[split.name].examples


def _in_words(dataset: Dataset, split: Split) -> str:
    """The images of `split`, after their number."""
    return f"images of {dataset.source}" if split.name == UNSPLIT else f"images of the split {split.name}"


def print_exported(exported: Exported, output: str) -> None:
    """Print where a file is and how it was proven."""
    file, card = exported.file, exported.card
    if output == "json":
        document = {
            "file": str(file),
            "weights": card.weights,
            "proofs": [proof.model_dump() | {"holds": proof.holds} for proof in card.proofs],
            "costs": [cost.model_dump() for cost in card.costs],
        }
        typer.echo(json_document(document))
    else:
        # Of OpenVINO's pair the weights lie in the other file.
        parts = (file, file.with_suffix(".bin")) if file.suffix == OpenVINOExporter.suffix else (file,)
        size = sum(part.stat().st_size for part in parts)
        typer.echo(f"{file}: {size / 1e6:.1f} MB, {card.weights}")
