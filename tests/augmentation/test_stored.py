"""Augmentation gives the same bits as ever: a training with the same seed ends with the same weights."""

import json

import pytest
import torch
from tests.augmentation.stored import FILE, hashes, rounding


def test_augmented_batches_have_the_stored_bits() -> None:
    stored = json.loads(FILE.read_text())
    if stored["rounding"] != rounding():
        pytest.skip(f"this processor, or torch {torch.__version__}, rounds otherwise than where the bits were stored")
    found = dict(hashes())
    assert found.keys() == stored["hashes"].keys()
    differ = [name for name, digest in found.items() if digest != stored["hashes"][name]]
    assert not differ
