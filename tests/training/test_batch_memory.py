"""Batches that do not fit into memory: found before the first step, with the largest that does."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from tests.training.begun import begun

from convsight.describe.training_memory import training_memory
from convsight.errors import UserError
from convsight.training import batch_memory
from convsight.training.batch_memory import check_batch, largest_batch, out_of_memory
from convsight.training.state import Training

NET = "conv 32 3x3 same | batchnorm | relu | conv 32 3x3 same relu | globalavg | dense classes"
FAST: dict[str, Any] = {"net": NET, "size": 64, "batch": 14, "export": False, "epochs": 1, "precision": "float32"}


@pytest.fixture
def training(photos: Path, tmp_path: Path) -> Training:
    return begun(photos, tmp_path / "run", **FAST)


def peak(t: Training, batch: int) -> int:
    return training_memory(t.learner.network, (batch, *t.plan.card.input.planes_shape), "muon").peak


@pytest.mark.parametrize("fits", [2, 5, 13])
def test_the_largest_batch_is_the_last_that_fits(training: Training, fits: int) -> None:
    available = (peak(training, fits) + peak(training, fits + 1)) // 2
    assert largest_batch(training, available) == fits
    with patch.object(batch_memory, "free_bytes", return_value=available), pytest.raises(UserError) as raised:
        check_batch(training)
    words = str(raised.value)
    assert re.search(
        r"a step of 14 images needs about [\d.]+ GiB of memory, of which [\d.]+ GiB are free on cpu", words
    )
    assert f"--batch {fits} (--accumulate {-(-14 // fits)} " in words


def test_what_fits_is_let_through_and_small_batches_are_not_reckoned(training: Training) -> None:
    with patch.object(batch_memory, "free_bytes", return_value=peak(training, 14)):
        check_batch(training)
    with patch.object(batch_memory, "training_memory", side_effect=AssertionError):
        check_batch(training)


def test_where_not_even_two_images_fit_there_is_other_advice(training: Training) -> None:
    with (
        patch.object(batch_memory, "free_bytes", return_value=peak(training, 2) - 1),
        pytest.raises(UserError, match="take a smaller --batch, --size or --net"),
    ):
        check_batch(training)


def test_an_error_of_the_allocator_is_explained_and_others_are_left(training: Training) -> None:
    try:
        torch.empty(2**60)
    except RuntimeError as error:
        told = out_of_memory(training, error)
    assert told is not None
    assert str(told).startswith("a step of 14 images did not fit into memory")
    assert out_of_memory(training, torch.OutOfMemoryError("CUDA out of memory")) is not None
    assert out_of_memory(training, RuntimeError("shapes do not match")) is None


def test_half_the_activations_are_counted_in_bfloat16(training: Training) -> None:
    whole = batch_memory.needed_bytes(training, 14)
    training.plan = training.plan.__class__(
        training.plan.task,
        training.plan.settings,
        training.plan.choices.model_copy(update={"precision": "bfloat16"}),
        training.plan.card,
    )
    assert whole is not None
    assert whole * 0.4 < (batch_memory.needed_bytes(training, 14) or 0) < whole
