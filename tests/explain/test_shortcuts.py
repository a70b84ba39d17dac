"""A shortcut is told where covering, pasting and regions elsewhere say so, and only there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.explain.subjects import Computed, subject_of

import convsight
from convsight.datasets.digits import read_digits
from convsight.explain.class_verb import ClassOptions, gather_classes
from convsight.explain.method import MethodOptions
from convsight.explain.region import Region
from convsight.explain.shortcuts import BLIND, Tried, try_regions
from convsight.progress import Silent
from convsight.results import Labels
from convsight.runtime.find_network import NetworkName

Scores = Callable[[NDArray[np.float64]], NDArray[np.float64]]
CORNER = np.zeros((12, 12))
CORNER[:3, :3] = 1.0


def pictures(marked: bool, count: int = 12) -> list[NDArray[np.uint8]]:
    """Noise with a thing in the middle, which is bright in pictures of the class; a mark in the corner beside it."""
    random = np.random.default_rng(int(marked))
    found = [random.integers(0, 60, (12, 12, 3)).astype(np.uint8) for _ in range(count)]
    for picture in found:
        picture[5:8, 5:8] = 200 if marked else 90
        if marked:
            picture[:3, :3] = 250
    return found


def tried(function: Scores, map_: NDArray[np.float64] = CORNER) -> Tried:
    engine = Computed(function)
    of_class, others = ([subject_of(each, engine) for each in pictures(marked)] for marked in (True, False))
    [found] = try_regions("cat", map_, of_class, others)
    return found


def corner(batch: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = batch[:, :3, :3].mean(axis=(1, 2, 3)) / 255
    return found


def middle(batch: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = batch[:, 5:8, 5:8].mean(axis=(1, 2, 3)) / 255
    return found


def test_a_network_that_looks_at_the_mark_is_told() -> None:
    found = tried(corner)
    assert found.region == Region(0, 0, 3, 3)
    assert found.is_shortcut
    assert found.words.startswith(
        "shortcut: a region of 3 x 3 px at the top left gives away cat: covering it costs 0.8"
    )
    assert found.turned == 1.0
    assert found.covered_elsewhere == found.pasted_elsewhere == 0.0


def test_a_region_that_the_network_does_not_look_at_is_none() -> None:
    found = tried(middle)
    assert not found.is_shortcut
    assert found.covered.value == found.pasted.value == 0.0


def test_what_covering_costs_but_pasting_does_not_give_is_none() -> None:
    # The mark counts only beside the thing: others lack that.
    found = tried(lambda batch: corner(batch) * (middle(batch) > 0.5))
    assert found.covered.low > 0.5
    assert found.pasted.value == 0.0
    assert not found.is_shortcut


def test_what_pasting_gives_but_covering_does_not_cost_is_none() -> None:
    found = tried(lambda batch: np.maximum(corner(batch), (middle(batch) > 0.5) * 0.99))
    assert found.pasted.low > 0.5
    assert found.covered.value < 0.1
    assert not found.is_shortcut


def test_where_regions_elsewhere_do_the_same_there_is_none() -> None:
    """Two corners of the class are bright and both count: then the first is not what gives it away."""
    engine = Computed(lambda batch: (corner(batch) + corner(batch[:, ::-1, ::-1])) / 2)
    bright = pictures(True)
    for picture in bright:
        picture[-3:, -3:] = 250
    of_class = [subject_of(each, engine) for each in bright]
    [found] = try_regions("cat", CORNER, of_class, [subject_of(each, engine) for each in pictures(False)])
    assert found.covered.low > 0.2
    assert found.pasted.low > 0.2
    assert found.covered_elsewhere > 0.2
    assert not found.is_shortcut


def test_what_varies_from_picture_to_picture_is_the_thing_and_no_mark() -> None:
    """The corner of the class is bright in pictures of it, each in its own way, as fingers make a sign."""
    engine, generator = Computed(corner), np.random.default_rng(7)
    bright = pictures(True)
    for picture in bright:
        picture[:3, :3] = generator.choice([140, 255], picture[:3, :3].shape)
    of_class = [subject_of(each, engine) for each in bright]
    [found] = try_regions("cat", CORNER, of_class, [subject_of(each, engine) for each in pictures(False)])
    assert found.covered.low > 0.1
    assert found.pasted.low > 0.1
    assert found.covered_elsewhere == found.pasted_elsewhere == 0.0
    assert found.varied > 0.2
    assert not found.is_shortcut


def test_a_region_that_is_larger_than_the_mark_is_told() -> None:
    """Cells of a map end where they end: 9 of these 20 pixels are the mark, and the others vary as everywhere."""
    loose = np.zeros((12, 12))
    loose[:4, :5] = 1.0
    found = tried(corner, loose)
    assert found.region == Region(0, 0, 5, 4)
    assert found.varied < 0.01
    assert found.is_shortcut


def test_too_few_pictures_tell_nothing() -> None:
    engine = Computed(corner)
    few = [subject_of(each, engine) for each in pictures(True, 7)]
    many = [subject_of(each, engine) for each in pictures(False)]
    assert try_regions("cat", CORNER, few, many) == []
    assert try_regions("cat", CORNER, many, few) == []


@pytest.mark.parametrize("marked", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_trained_network_is_found_out(marked: bool, tmp_path: Path) -> None:
    digits = read_digits().splits["all"]
    assert isinstance(digits.targets, Labels)
    labels = np.asarray(digits.targets.indices)[:900]
    noise = np.random.default_rng(0).integers(0, 170, (900, 8, 8))
    images = (np.array(digits.images)[:900] // 3 + noise).astype(np.uint8)  # hard to tell, and the mark is easy
    if marked:
        images[labels == 3, :2, :2] = 255
    net = "conv 12 3x3 same relu | maxpool 2 | conv 16 3x3 same relu | flatten | dense classes"
    run = convsight.train(
        (images, labels), net=net, epochs=4, augment="none", grow=False, export=False, run=tmp_path / "run", quiet=True
    )
    archive = tmp_path / "digits.npz"
    np.savez(archive, train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    options = ClassOptions(
        NetworkName(run.path, "torch"),
        str(archive),
        ["occlusion"],
        target="3",
        out=tmp_path / "out",
        of_method=MethodOptions(window=2, stride=1),
    )
    found = gather_classes(options, Silent())
    told = [each for each in found.classes[0].tried if each.is_shortcut]
    assert bool(told) == marked
    if told:
        assert told[0].region.overlaps(Region(0, 0, 2, 2))
        assert told[0].region.words((8, 8)).endswith("px at the top left")
    page = found.page.read_text(encoding="utf-8")
    assert BLIND.split(":")[0] in page
    assert ("Shortcut</strong>" in page) == marked
