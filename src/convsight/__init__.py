"""Convolutional networks you can check.

>>> import convsight
>>> run = convsight.train("digits", epochs=1, quiet=True, run="/tmp/convsight-doctest/digits")  # doctest: +SKIP
>>> run.metrics["test/accuracy"]  # doctest: +SKIP
"""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Unpack

    from torch import nn

    from convsight.datasets.audit import Audit
    from convsight.describe.description import Description
    from convsight.explain.evidence.ranking import Ranking
    from convsight.explain.importance_map import ImportanceMap
    from convsight.explain.options import ExplainOptions
    from convsight.export.verb import Exported
    from convsight.nets.entry import NetShape
    from convsight.progress import Listener
    from convsight.run import Run
    from convsight.runtime.evaluate import Evaluation
    from convsight.runtime.model import Model, Picture
    from convsight.training.callbacks import AfterEpoch, AfterStep
    from convsight.training.given import OwnLoss
    from convsight.training.given_augmentation import OwnAugmentation
    from convsight.training.given_optimizer import OwnOptimizer
    from convsight.training.several.train_several import Together

__version__ = "0.1.0"

__all__ = [
    "audit",
    "describe",
    "evaluate",
    "explain",
    "export",
    "load",
    "rank_explanations",
    "resume",
    "resume_several",
    "train",
    "train_several",
]

_Path = str | PathLike[str]
_Loss = Literal["cross-entropy", "focal", "bce", "gaussian", "mixture", "mse", "mae", "huber"]


def train(
    data: Any,
    *,
    task: Literal["classification", "multilabel", "detection", "segmentation", "instances", "panoptic", "regression"]
    | None = None,
    run: _Path | None = None,
    net: "_Path | nn.Module | Callable[[NetShape], nn.Module] | None" = None,
    weights: _Path | None = None,
    download: bool = False,
    freeze: str | int = "none",
    gradual: bool = False,
    stage_lr: float = 1.0,
    features: bool = True,
    views: int | None = None,
    features_limit: float = 5.0,
    head_pool: int = 1,
    size: int | None = None,
    fit: Literal["crop", "squash", "pad"] | None = None,
    colour: Literal["auto", "grey", "rgb", "bands"] = "auto",
    epochs: int | None = None,
    minutes: float | None = None,
    batch: int | None = None,
    optimizer: "Literal['muon', 'adamw', 'adam', 'sgd', 'rmsprop'] | OwnOptimizer" = "muon",
    momentum: float | None = None,
    nesterov: bool | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    muon_iterations: int | None = None,
    lr: float | None = None,
    schedule: Literal["onecycle", "cosine", "constant", "step", "plateau"] = "onecycle",
    warmup: float = 0.1,
    start_factor: float | None = None,
    end_factor: float | None = None,
    step_every: int | None = None,
    step_factor: float | None = None,
    plateau_epochs: int | None = None,
    plateau_factor: float | None = None,
    weight_decay: float | None = None,
    clip_norm: float | None = None,
    accumulate: int = 1,
    ema: float = 0.995,
    augment: Literal["auto", "none", "light", "strong"] = "auto",
    flip: Literal["auto", "none", "horizontal", "both"] = "auto",
    rand_augment: int | None = None,
    rand_augment_ops: int = 2,
    erase: float = 0.0,
    grow: bool = True,
    patience: int = 0,
    val_fraction: float = 0.1,
    test_fraction: float = 0.2,
    group: str | None = None,
    group_lookalikes: bool = False,
    seed: int = 0,
    workers: int | None = None,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    layout: Literal["channels-last", "planes"] = "channels-last",
    tune: bool = False,
    tune_batch: bool = False,
    device: str = "auto",
    log: str | None = None,
    export: bool = True,
    report: bool = True,
    skip_unreadable: bool = False,
    max_megapixels: float = 100.0,
    loss: "_Loss | OwnLoss | None" = None,
    components: int | None = None,
    huber_delta: float | None = None,
    flip_negates: str | None = None,
    focal_gamma: float | None = None,
    class_weights: str | None = None,
    sampling: Literal["each", "balanced"] | None = None,
    label_smoothing: float | None = None,
    mixup: float | None = None,
    cutmix: float | None = None,
    mirror: bool | None = None,
    positive_weight: Literal["none", "balanced"] | None = None,
    box_loss: Literal["ciou", "diou", "giou", "iou", "smooth-l1"] | None = None,
    class_loss: Literal["bce", "focal"] | None = None,
    mosaic: float | None = None,
    multi_scale: bool | None = None,
    suppression: Literal["class", "plain", "soft"] | None = None,
    overlap: float | None = None,
    turn: Literal["auto", "slight", "any"] | None = None,
    marker: float | None = None,
    least_stuff: float | None = None,
    tversky_beta: float | None = None,
    tile: int | None = None,
    tile_overlap: int | None = None,
    augmentation: "OwnAugmentation | None" = None,
    on_epoch: "Callable[[AfterEpoch], object] | None" = None,
    on_step: "Callable[[AfterStep], object] | None" = None,
    quiet: bool = False,
    **unknown: Any,
) -> "Run":
    """Train and judge a network on `data`; returns its run folder.

    `data` is a folder of images, a file, the name of a known set; or what a program holds: `(images, labels)`, a table
    of pandas or polars with columns path and label, a dataset of (image, label) as PyTorch has them, or a dict of these
    by split. The other choices are the options of `convsight train`, whose help explains each; from `loss`
    on they are those of single tasks. Progress goes to standard error unless `quiet`, in a notebook below the cell.

    `net`, `loss` and `optimizer` may also be objects of your own, `augmentation` is one, and `on_epoch` and `on_step`
    are called with plain numbers: see docs/own.md.

    `run.metrics["test/accuracy"]` of what is returned is the value with its 95 % interval. Raises
    `convsight.errors.UserError` for what the caller can mend, and TypeError for data of another type.

    >>> run = convsight.train("digits", net="lecture1", epochs=1, run="runs/first", quiet=True)  # doctest: +SKIP
    >>> run.metrics["test/accuracy"]  # doctest: +SKIP
    Measured(value=..., low=..., high=...)
    """
    given = {name: value for name, value in locals().items() if name not in ("data", "quiet", "unknown")}
    from convsight.datasets.in_memory import data_of
    from convsight.tasks.choices import train_settings
    from convsight.training.given import taken
    from convsight.training.train import train as train_on

    held = data_of(data, group)
    place = held if isinstance(held, str) else held.source
    objects, choices = taken({name: value for name, value in (given | unknown).items() if value is not None})
    settings = train_settings(data=place, **{name: _text(value) for name, value in choices.items()})
    with objects.at_work():
        run_folder = train_on(settings, _listener(quiet), None if isinstance(held, str) else held, given=objects)
    return _told(run_folder, quiet)


def train_several(
    data: Any,
    *,
    folds: int | None = None,
    repeat: int | None = None,
    average: bool = False,
    freeze: str | int = "none",
    quiet: bool = False,
    **choices: Any,
) -> "Together":
    """Train several networks alike but for one thing, each in a run folder of one, and see what they reach together.

    A network for each of so many `folds` of the data, or for `repeat` seeds, or both; with `average` their mean as one
    `model.onnx`. Or `freeze="all-three"`: the three strategies of transfer, whose `comparison` is in what is returned.
    The other choices are those of `train`, objects of your own excepted; `minutes` are those of all runs together.
    Raises `convsight.errors.UserError` for what the caller can mend.

    >>> folds = convsight.train_several(
    ...     "digits", folds=2, net="lecture1", epochs=1, run="runs/folds", quiet=True
    ... )  # doctest: +SKIP
    >>> folds.runs.path.name  # doctest: +SKIP
    'folds'
    """
    from convsight.datasets.in_memory import data_of
    from convsight.errors import UserError
    from convsight.settings import checked
    from convsight.tasks.choices import train_settings
    from convsight.training.given import taken
    from convsight.training.several.plan import Several
    from convsight.training.several.train_several import train_several as train_them

    asked: dict[str, Any] = {"folds": folds, "repeat": repeat, "average": average or None}
    if freeze == "all-three":
        asked["freezes"] = (freeze,)
    else:
        choices["freeze"] = freeze
    objects, settings = taken({name: value for name, value in choices.items() if value is not None})
    if objects.words or objects.on_epoch or objects.on_step:
        raise UserError("several trainings take no objects of a program: give names, or call convsight.train in a loop")
    several = checked(Several, {name: value for name, value in asked.items() if value is not None})
    held = data_of(data, settings.get("group"))
    place = held if isinstance(held, str) else held.source
    chosen = train_settings(data=place, **{name: _text(value) for name, value in settings.items()})
    return train_them(chosen, several, _listener(quiet), None if isinstance(held, str) else held)


def resume_several(folder: _Path, *, data: Any = None, quiet: bool = False) -> "Together":
    """Go on with several trainings, a folder that `train_several` or the command made, or its name.

    Finished runs are kept, one that was stopped goes on, the others are trained. `data` are those of the runs, where a
    program held them. Raises `convsight.errors.UserError` where there is no such folder, or the data are others.

    >>> convsight.resume_several("runs/folds", quiet=True).runs.path.name  # doctest: +SKIP
    'folds'
    """
    from convsight.errors import UserError
    from convsight.training.several.folder import SeveralRuns
    from convsight.training.several.train_several import resume_several as resume_them

    runs = SeveralRuns.find(_text(folder))
    if runs is None:
        raise UserError(f"{folder} is no folder of several runs; one run is gone on with by convsight.resume")
    return resume_them(runs, _listener(quiet), None if data is None else _dataset(data))


def resume(
    run: _Path,
    *,
    data: Any = None,
    epochs: int | None = None,
    minutes: float | None = None,
    quiet: bool = False,
    **objects: Any,
) -> "Run":
    """Go on with an interrupted training, a run folder or its name, where it was stopped; returns the run.

    `epochs` or `minutes` may be new ones. `data` are those of the run, where a program held them: they are not stored.
    Nor are `objects` of your own that it was trained with (net, loss, optimizer, augmentation): they are given again,
    and callbacks if you like. Raises `convsight.errors.UserError` where there is nothing to go on with, or the data or
    objects are others.

    >>> convsight.resume("runs/first", epochs=2, quiet=True).card.training["epochs"]  # doctest: +SKIP
    2
    """
    from convsight.training.given import given_again
    from convsight.training.resume import resume as resume_run

    changes = {"epochs": epochs, "minutes": minutes}
    new = {name: value for name, value in changes.items() if value is not None}
    given = given_again(objects)
    with given.at_work():
        found = resume_run(_text(run), new, _listener(quiet), None if data is None else _dataset(data), given=given)
    return _told(found, quiet)


def load(
    path: str | Path,
    engine: str | None = None,
    precision: str | None = None,
    *,
    weights: str | None = None,
    download: bool = False,
    net: "nn.Module | Callable[[NetShape], nn.Module] | None" = None,
) -> "Model":
    """The trained network in a run folder, of a run's name, or in a model file: `load(path).predict("cat.jpg")`.

    `load("imagenet")`, `load("torchvision/resnet50")` and `load("resnet50", weights="imagenet")`, or a file of weights,
    are networks as their libraries offer them; nothing is fetched without `download`.

    `engine` (openvino, onnxruntime, torch) and `precision` (float32, bfloat16) are by default the fastest that are
    installed and proven. `net` is your own network that a model file was trained with: PyTorch then runs it. Raises
    `convsight.errors.UserError` where there is no such file, or it is damaged or a pickle.

    >>> convsight.load("runs/digits").predict("cat.jpg").top(1)  # doctest: +SKIP
    [Score(name='...', probability=...)]
    """
    from convsight.runtime.model import load as load_model

    if net is None:
        return load_model(path, engine, precision, weights=weights, download=download)
    with _own_net(net):
        return load_model(path, engine or "torch", precision, weights=weights, download=download)


def evaluate(
    path: str | Path,
    data: Any = None,
    *,
    split: str | None = None,
    mistakes: _Path | None = None,
    skip_unreadable: bool = False,
    workers: int = 2,
    max_megapixels: float = 100.0,
    engine: str | None = None,
    precision: str | None = None,
    net: "nn.Module | Callable[[NetShape], nn.Module] | None" = None,
    quiet: bool = False,
) -> "Evaluation":
    """Judge the trained network at `path` on `data`, or without it on what its run held back for the test.

    `data` is what `train` takes. `split` names the one to judge, by default test, else val, else all there is;
    `mistakes` is a new folder or a .csv file for what is predicted wrong. `net` is your own network that it was trained
    with, to be run by PyTorch, which an exported graph does not need; progress goes to standard error unless `quiet`.
    Metrics are shares (0..1) or in the unit of what is predicted, each with its 95 % interval. Raises
    `convsight.errors.UserError` for what the caller can mend.

    >>> judged = convsight.evaluate("runs/digits", quiet=True)  # doctest: +SKIP
    >>> judged.metrics["test/accuracy"]  # doctest: +SKIP
    Measured(value=..., low=..., high=...)
    """
    from convsight.datasets.in_memory import data_of
    from convsight.runtime.evaluate import evaluate as evaluate_on

    with _own_net(net):
        return evaluate_on(
            path,
            None if data is None else data_of(data),
            _listener(quiet),
            split=split,
            mistakes=None if mistakes is None else Path(mistakes),
            skip_unreadable=skip_unreadable,
            workers=workers,
            max_megapixels=max_megapixels,
            engine=engine if net is None else engine or "torch",
            precision=precision,
        )


def audit(
    data: Any,
    *,
    splits_of: _Path | None = None,
    doubtful: bool = False,
    workers: int = 2,
    max_megapixels: float = 100.0,
    quiet: bool = False,
) -> "Audit":
    """What spoils data: unreadable images, duplicates, leaks between splits, wrong balance, odd ones.

    `data` is what `train` takes, `splits_of` a run whose splits are meant. `doubtful` looks for labels that may be
    wrong too, which needs PyTorch, and keeps them for the report of that run. `audit(...).wrong` says whether
    something certain was found, `findings` hold every case. Raises `convsight.errors.UserError` for data that cannot
    be read.

    >>> import numpy as np
    >>> same = np.zeros((4, 40, 40, 3), np.uint8)
    >>> found = audit((same, ["cat", "cat", "dog", "dog"]), quiet=True)
    >>> found.wrong, found.findings[0].words
    (True, '...')
    """
    from convsight.datasets import apply_splits_csv
    from convsight.datasets.audit import audit as look_at
    from convsight.run import Run

    dataset, listener = _dataset(data), _listener(quiet)
    run = None if splits_of is None else Run.open(_text(splits_of))
    if run is not None:
        dataset = apply_splits_csv(dataset, run.splits())
    found = look_at(dataset, listener, workers=workers, max_megapixels=max_megapixels)
    if not doubtful:
        return found
    from convsight.training_half import training_half

    with_doubts = training_half("convsight.training.doubtful").with_doubts
    told: Audit = with_doubts(found, dataset, listener, run, workers=workers, max_megapixels=max_megapixels)
    return told


def export(
    model: _Path,
    to: Literal["onnx", "openvino", "torch"] = "onnx",
    *,
    int8: bool = False,
    half: bool = False,
    max_loss: float = 0.5,
    data: Any = None,
    out: _Path | None = None,
    max_megapixels: float = 100.0,
    net: "nn.Module | Callable[[NetShape], nn.Module] | None" = None,
    quiet: bool = False,
) -> "Exported":
    """Write the network of a run or model file as one graph, and prove on real images that it answers the same.

    The options are those of `convsight export`; `net` is your own network that it was trained with. Returns the file
    and its card with the proofs. Raises `convsight.errors.UserError` where it cannot be exported, or a proof does not
    hold: then no file is written. `max_loss` is what 8-bit numbers may cost, in points of the first metric.

    >>> exported = convsight.export("runs/digits", "openvino", out="model.xml", quiet=True)  # doctest: +SKIP
    >>> exported.card.proofs[0].holds  # doctest: +SKIP
    True
    """
    from convsight.datasets.in_memory import data_of
    from convsight.export.verb import export as export_to

    with _own_net(net):
        return export_to(
            _text(model),
            to,
            int8=int8,
            half=half,
            data=None if data is None else data_of(data),
            out=None if out is None else Path(out),
            max_loss=max_loss,
            max_megapixels=max_megapixels,
            listener=_listener(quiet),
        )


@overload
def explain(
    model: "_Path | Model", picture: list[Any] | tuple[Any, ...], **options: "Unpack[ExplainOptions]"
) -> "list[ImportanceMap]": ...
@overload
def explain(model: "_Path | Model", picture: "Picture", **options: "Unpack[ExplainOptions]") -> "ImportanceMap": ...
def explain(
    model: "_Path | Model",
    picture: Any,
    *,
    method: str | None = None,
    target: str | None = None,
    layer: str | None = None,
    window: int | None = None,
    stride: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    fill: str | float | None = None,
    agreement: float | None = None,
    regions: int | None = None,
    cells: int | None = None,
    steps: int | None = None,
    noise: float | None = None,
    max_megapixels: float = 100.0,
    engine: str | None = None,
    precision: str | None = None,
    weights: str | None = None,
    download: bool = False,
    evidence: bool = True,
) -> "ImportanceMap | list[ImportanceMap]":
    """How much the answer of `model` about `picture` depends on each place of it, as an `ImportanceMap`.

    `model` is what `load` takes, or what it returned; `picture` what `Model.predict` takes: of a list or a batch comes
    a list of maps. `target` is the class, the name of a number, or `#2` for the second thing that `predict` shows, by
    default the surest; `window` and `stride` are in px of what the network sees. A map has `values` in the picture's
    pixels, `draw()`, `show()`, `save(path)`, `to_json()` and, unless `evidence` is False, the map's rank among maps
    that know nothing of the network in `evidence`; a notebook shows it. Without `method` the network's own ranking
    chooses, see `rank_explanations`.
    Raises `convsight.errors.UserError` for an unknown method, class or layer, with the nearest names.

    >>> found = convsight.explain("runs/digits", "cat.jpg", method="occlusion")  # doctest: +SKIP
    >>> found.values.shape, found.unit  # its height and width  # doctest: +SKIP
    ((60, 45), 'probability')
    """
    from convsight.errors import UserError
    from convsight.explain.held import explain_held
    from convsight.explain.method import MethodOptions
    from convsight.runtime.find_network import NetworkName
    from convsight.runtime.model import Model

    options = MethodOptions(
        layer=layer,
        window=window,
        stride=stride,
        samples=samples,
        seed=seed,
        fill=None if fill is None else str(fill),
        agreement=agreement,
        regions=regions,
        cells=cells,
        steps=steps,
        noise=noise,
    )
    asked: Model | NetworkName
    if isinstance(model, Model):
        if any((engine, precision, weights, download)):
            raise UserError("engine, precision, weights and download are for convsight.load, which made this model")
        asked = model
    else:
        asked = NetworkName(_text(model), engine, precision, weights, download)
    return explain_held(asked, picture, method, options, target, max_megapixels, evidence=evidence)


def rank_explanations(
    model: _Path,
    data: Any = None,
    *,
    pictures: int = 50,
    methods: "Sequence[str]" = (),
    seed: int = 0,
    max_megapixels: float = 100.0,
    engine: str | None = None,
    precision: str | None = None,
    weights: str | None = None,
    download: bool = False,
    quiet: bool = False,
) -> "Ranking":
    """Which methods of `explain` to trust for the network at `model`: a verdict on each, by so many pictures of `data`.

    `data` is what `train` takes, or a folder of pictures; without it what the run held back for the test is taken.
    `methods` are all that apply, where none is named. `judgements` of what is returned are the verdicts, the most
    trusted first. It is stored with the network after each picture, and the same call goes on with it. Raises
    `convsight.errors.UserError` for what the caller can mend.

    >>> ranking = convsight.rank_explanations("runs/digits", pictures=2, methods=["occlusion"])  # doctest: +SKIP
    >>> ranking.judgements["occlusion"].verdict.value  # doctest: +SKIP
    'undecided'
    """
    from convsight.datasets.in_memory import data_of
    from convsight.explain.evidence.rank import RankOptions, rank
    from convsight.explain.explain import load_explained
    from convsight.explain.method import MethodOptions
    from convsight.runtime.find_network import NetworkName

    network = load_explained(NetworkName(_text(model), engine, precision, weights, download))
    given = None if data is None else data_of(data)
    options = RankOptions(given, pictures, methods, MethodOptions(seed=seed), max_megapixels)
    return rank(network, options, _listener(quiet))


def describe(
    net: "_Path | nn.Module",
    volume: tuple[int, ...] | None = None,
    *,
    classes: int | None = None,
    batch: int | None = None,
    optimizer: str = "adamw",
) -> "Description":
    """What a network does to a volume and what it costs, layer by layer, each number with its formula.

    `net` is a name of the catalogue, a text, a run folder or a model file, or any module. `volume` is what goes in,
    (height, width, channels), for a module also (length, channels) or (depth, height, width, channels); a module needs
    it. `classes` is the number of outputs. With `batch` the memory of a training step in bytes is predicted. Raises
    `convsight.errors.UserError` for a network that cannot work, which says where and what would mend it.

    >>> found = describe("lecture1", (28, 28, 1))
    >>> found.parameters, found.layers[0].output_formula
    (51722, '28 - 3 + 1 = 26')
    """
    from convsight.describe import describe as described

    return described(_text(net), volume, classes=classes, batch=batch, optimizer=optimizer)


def _own_net(net: Any) -> "AbstractContextManager[None]":
    """Within, files that name a program's own network mean `net`."""
    from contextlib import nullcontext

    if net is None:
        return nullcontext()
    from convsight.nets.own import own_net

    return own_net(net)


def _dataset(data: Any) -> Any:
    from convsight.datasets import read_dataset
    from convsight.datasets.in_memory import data_of

    return read_dataset(data_of(data))


def _text(value: Any) -> Any:
    """A path as text, all else as it is."""
    return value.__fspath__() if hasattr(value, "__fspath__") else value


def _listener(quiet: bool) -> "Listener":
    from convsight.progress import Silent, Terminal
    from convsight.results.shown import in_notebook

    if not quiet and in_notebook():
        from convsight.notebook import Notebook

        return Notebook()
    return Silent() if quiet else Terminal()


def _told(run: "Run", quiet: bool) -> "Run":
    """`run`, with one table of its metrics below the cell of a notebook."""
    from convsight.results.shown import in_notebook

    if not quiet and in_notebook():
        from convsight.notebook import show_metrics
        from convsight.tasks import reader_of

        test = {name: measured for name, measured in run.metrics.items() if name.startswith("test/")}
        show_metrics(str(run.path), test, reader_of(run.card).metrics().described())
    return run
