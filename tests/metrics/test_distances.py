"""That numbers which are no shares go through judging, tables and documents as any others do."""

import numpy as np
import pytest
from tests.metrics.distances import SPREAD, DistanceReader, distance_card

from convsight.metrics import named
from convsight.printing import metrics_json, print_metrics
from convsight.results import Numbers


def test_distances_are_judged_and_told_in_metres(capsys: pytest.CaptureFixture[str]) -> None:
    reader = DistanceReader(distance_card())
    metrics = reader.metrics()
    rng = np.random.default_rng(0)
    for true in rng.uniform(2, 40, 60):
        told = reader.read({"distance": np.array([(true - 20 + rng.normal(0, 3.2)) / SPREAD])}, (2, 2))
        metrics.update(Numbers(("distance",), ("m",), np.array([true]), np.ones(1)), told)
    found = named("test", metrics.compute())
    assert found["test/rmse"].low < 3.2 < found["test/rmse"].high
    print_metrics("toy on 60 images", found, metrics.described())
    rmse = found["test/rmse"]
    out = capsys.readouterr().out
    assert f" {rmse.value:.3f} m " in out
    assert f" {rmse.low:.3f} .. {rmse.high:.3f} " in out
    assert " test: near " in out
    documents = metrics_json(found, metrics.described())
    assert {document["unit"] for document in documents.values()} == {"m"}
    assert documents["test/rmse"]["value"] == rmse.value
