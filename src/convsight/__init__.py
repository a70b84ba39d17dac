"""Convolutional networks you can check.

>>> import convsight
>>> run = convsight.train("digits", epochs=1, quiet=True, run="/tmp/convsight-doctest/digits")  # doctest: +SKIP
>>> run.metrics["test/accuracy"]  # doctest: +SKIP
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convsight.run import Run
    from convsight.runtime.evaluate import Evaluation
    from convsight.runtime.model import Model

__version__ = "0.1.0"

__all__ = ["evaluate", "load", "train"]


def train(data: str | Path, *, quiet: bool = False, **settings: Any) -> "Run":
    """Train and judge a network on `data`: a folder of images, a file, or the name of a known set.

    `settings` are the fields of `convsight.settings.TrainSettings`, such as `net`, `minutes` or `size`, and those that
    only the task of the data has, such as `label_smoothing` or `mosaic`; progress goes to standard error unless
    `quiet`. Returns the run folder: `run.metrics["test/accuracy"]` is the value with its 95 %
    interval. Raises `convsight.errors.UserError` for what the caller can mend.
    """
    from convsight.progress import Silent, Terminal
    from convsight.tasks.choices import train_settings
    from convsight.training.train import train as train_on

    return train_on(train_settings(data=str(data), **settings), Silent() if quiet else Terminal())


def load(path: str | Path, engine: str | None = None, precision: str | None = None) -> "Model":
    """The trained network in a run folder, of a run's name, or in a model file: `load(path).predict("cat.jpg")`.

    `engine` (openvino, onnxruntime, torch) and `precision` (float32, bfloat16) are by default the fastest that are
    installed and proven. Raises `convsight.errors.UserError` where there is no such file, or it is damaged or a pickle.
    """
    from convsight.runtime.model import load as load_model

    return load_model(path, engine, precision)


def evaluate(path: str | Path, data: str | Path | None = None, *, quiet: bool = False, **options: Any) -> "Evaluation":
    """Judge the trained network at `path` on `data`, or without it on what its run held back for the test.

    `options` are those of `convsight.runtime.evaluate.evaluate`, such as `split` or `engine`; progress goes to standard
    error unless `quiet`. `evaluate(...).metrics["test/accuracy"]` is the value with its 95 % interval. Raises
    `convsight.errors.UserError` for what the caller can mend.
    """
    from convsight.progress import Silent, Terminal
    from convsight.runtime.evaluate import evaluate as evaluate_on

    return evaluate_on(path, data, Silent() if quiet else Terminal(), **options)
