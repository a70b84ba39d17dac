"""Two runs with the same bits: the network that is kept, and the whole state after the last epoch."""

import csv

from safetensors.numpy import load_file

from convsight.run import Run


def assert_same_bits(one: Run, other: Run) -> None:
    """Weights and their averages, the optimizers' states, and what is kept of the best epoch."""
    for file in ("model_file", "checkpoint_file"):
        ours, theirs = (load_file(getattr(run, file)) for run in (one, other))
        assert ours.keys() == theirs.keys()
        differing = [name for name in ours if ours[name].tobytes() != theirs[name].tobytes()]
        assert not differing, f"{len(differing)} tensors of {file}, {differing[0]} first"


def assert_same_rows(one: Run, other: Run) -> None:
    """The course of both, but for how long it took."""
    ours, theirs = (
        [
            {name: value for name, value in row.items() if name not in {"seconds", "images_per_s", "waited"}}
            for row in csv.DictReader((run.path / "metrics.csv").read_text().splitlines())
        ]
        for run in (one, other)
    )
    assert ours == theirs
