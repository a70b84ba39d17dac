"""Exporting a trained network: made, proven, and only then put in place."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from convsight.card import Card, Proof
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.averaged import Averaged
from convsight.export.exporters import Exporter, graph_exporter, make_exporter
from convsight.export.onnx_graph import onnx_graph
from convsight.export.parity_check import MIN_IMAGES, ParityCheck, Pixels, prove
from convsight.export.quantise import check_costs, coarseness, costs, quantised
from convsight.export.torch_engine import TorchEngine, load_network
from convsight.files import make_folder
from convsight.progress import Listener
from convsight.tasks import reader_of, task_of
from convsight.words import counted


def export_network(
    source: Path, card: Card, to: str, file: Path, images: Callable[[], Iterator[Pixels]], listener: Listener
) -> Card:
    """Export the model file `source` in the number format of `card.weights` (float32 or float16) to `file`.

    Returns the card in it, which holds the proofs. Raises `UserError`, and leaves no file, where the proof on
    `images` does not hold.
    """
    with _draft(file) as draft:
        model = load_network(source, card.source())
        exporter = make_exporter(to, model, card)
        original = TorchEngine(task_of(card.task).graph(model, card), torch.device("cpu"))
        return _put_in_place(exporter, original, card, draft, file, images, listener)


def export_averaged(
    networks: Averaged, card: Card, file: Path, images: Callable[[], Iterator[Pixels]], listener: Listener
) -> Card:
    """Export the mean of several networks to the ONNX `file`; returns its card and raises as `export_network` does."""
    with _draft(file) as draft:
        exporter = make_exporter("onnx", networks, card)
        original = TorchEngine(networks, torch.device("cpu"))
        return _put_in_place(exporter, original, card, draft, file, images, listener)


def export_int8(
    source: Path,
    card: Card,
    to: str,
    file: Path,
    images: Callable[[], Iterator[Pixels]],
    examples: Examples,
    judged: str,
    most_lost: float,
    listener: Listener,
) -> Card:
    """Export with 8-bit numbers, learnt and judged by every engine on `examples`, in words the images `judged`.

    Returns the card in the file, which holds proofs and costs. Raises `UserError`, and leaves no file, where the metric
    loses more than `most_lost` points, or the proof fails.
    """
    with _draft(file) as draft:
        model = load_network(source, card.source())
        original = TorchEngine(task_of(card.task).graph(model, card), torch.device("cpu"))
        with listener.counting("quantising", 1) as advance:
            exporter = graph_exporter(to, quantised(onnx_graph(model, card), examples))
            advance(1)
        card = card.model_copy(update={"weights": "int8"})
        exporter.write(draft, card)
        # Of the ways to run it by one engine the last is the one that predict uses.
        engines = {check.engine.name: check.engine for check in exporter.checks(draft, card)}
        found = costs(original, tuple(engines.values()), reader_of(card), examples)
        metric = reader_of(card).metrics().selected_by[0]
        for cost in found:
            listener.say(
                f"int8 by {cost.engine}: {cost.metric} on {len(examples):,} {judged}: {metric.text(cost.before)}, "
                f"in int8 {metric.text(cost.after)}"
            )
        if note := coarseness(metric, len(examples), most_lost):
            listener.say(note)
        check_costs(metric, found, most_lost)
        card = card.model_copy(update={"costs": found})
        return _put_in_place(exporter, original, card, draft, file, images, listener)


def _put_in_place(
    exporter: Exporter,
    original: TorchEngine,
    card: Card,
    draft: Path,
    file: Path,
    images: Callable[[], Iterator[Pixels]],
    listener: Listener,
) -> Card:
    """Write the `draft`, prove it, and write the `file` with its proofs; returns its card."""
    exporter.write(draft, card)
    checks = exporter.checks(draft, card)
    with listener.counting("proving", MIN_IMAGES) as advance:
        proofs = prove(original, reader_of(card), card, checks, _counted(images(), advance))
    for proof, check in zip(proofs, checks, strict=True):
        listener.say(_in_words(proof, check))
    _check(proofs, checks, file)
    card = card.model_copy(update={"proofs": proofs})
    exporter.write(file, card)
    return card


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A place beside `file` for what is not proven yet, removed in the end; told before the work if there is none."""
    try:
        make_folder(file.parent)
        folder = tempfile.TemporaryDirectory(prefix=".exporting-", dir=file.parent)
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}; choose another place with --out") from error
    with folder as name:
        yield Path(name) / f"draft{file.suffix}"


def _check(proofs: tuple[Proof, ...], checks: list[ParityCheck], file: Path) -> None:
    failed = [p for p, check in zip(proofs, checks, strict=True) if check.needed and p.fails]
    if failed:
        worst = max(failed, key=lambda proof: proof.largest_difference)
        raise UserError(
            f"{file.name} would not answer like the network it comes from: run by {worst.engine} in {worst.precision} "
            f"on {worst.pixels} pixels, numbers differ by up to {worst.largest_difference:.4g} (allowed "
            f"{worst.allowed_difference:g}) and {worst.agreed} of {worst.answers} predictions agree (needed "
            f"{worst.needed_agreement:.0%}); no file is written"
        )


def _in_words(proof: Proof, check: ParityCheck) -> str:
    if proof.is_empty and not proof.fails:
        return (
            f"proof: {proof.engine} {proof.precision}, {proof.pixels} pixels: nothing found in any of {proof.pictures} "
            f"images: it proves nothing but that the surest scores differ by {proof.largest_difference:.2g} at most"
        )
    verdict = "holds" if proof.holds else "does not hold" if check.needed else "does not hold: not used"
    predictions = f"{proof.answers:,} predictions, " if proof.answers != proof.pictures else ""
    return (
        f"proof: {proof.engine} {proof.precision}, {proof.pixels} pixels: {counted(proof.pictures, 'image')}, "
        f"{predictions}"
        f"largest difference {proof.largest_difference:.2g}, {proof.agreed} same predictions: {verdict}"
    )


def _counted(images: Iterator[Pixels], advance: Callable[[int], None]) -> Iterator[Pixels]:
    for image in images:
        yield image
        advance(1)
