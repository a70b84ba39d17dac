"""What pages are told, in this process: of names that are no UTF-8, of bands, of pictures that cannot be read."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.responses import JSONResponse
from tests.serve.live import image

import convsight
from convsight.card import Card
from convsight.export.torch_engine import save_network
from convsight.images import Source
from convsight.inputs import ImageInput
from convsight.run import Run
from convsight.runtime.sources import Item
from convsight.serve.explore import exciting_pictures
from convsight.serve.explore.explored import Explored, ExploreSettings
from convsight.serve.explore.long_work import Steps
from convsight.serve.explore.samples import Sample, samples_of
from convsight.serve.explore.whole_data import KnownPicture, WholeData
from convsight.serve.refusal import RefusedError
from convsight.targets import Classes
from convsight.tasks import task_of


def explored(model: Path, samples: Sequence[Sample]) -> Explored:
    def whole() -> WholeData:
        return WholeData([KnownPicture(each) for each in samples], len(samples))

    settings = ExploreSettings(tuple(samples), whole=whole, data=tuple(samples))
    return Explored("network", convsight.load(model), settings, 50)


def held(name: str, content: Source) -> Sample:
    return Sample(Item(name, lambda: content))


def last(steps: Steps) -> Any:
    """What work gives when all its steps are done."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that takes four bands of 32 bits, as no image file of 8 bits holds them; it learnt nothing."""
    spec = ImageInput(height=6, width=6, channels=4, bits=32, low=0, high=1, mean=(0.5,) * 4, std=(0.3,) * 4)
    net = "conv 3 3x3 | relu | globalavg | dense classes"
    card = Card(task="classification", net=net, target=Classes(names=("a", "b")), input=spec)
    file = tmp_path_factory.mktemp("bands") / "model.safetensors"
    save_network(file, task_of(card.task).build(card).eval(), card)
    return file


def test_bands_in_memory_are_picked_shown_and_looked_through_evenly(
    bands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exciting_pictures, "_HELD_BYTES", 5 * 6 * 6 * 4 * 4)
    arrays = np.random.default_rng(0).random((12, 6, 6, 4), np.float32)
    looked_into = explored(bands, [held(str(number), array) for number, array in enumerate(arrays)])
    taken = looked_into.take(looked_into.sample(3))
    assert taken["size"] == [6, 6]
    assert looked_into.thumbnail(looked_into.sample(3)).startswith(b"\x89PNG")
    layer = looked_into.facts()["layers"][0]["name"]
    while (found := looked_into.exciting(layer, 0))["looked_at"] < found["of"]:
        pass
    assert {each["name"] for each in found["pictures"]} == {"0", "2", "5", "8", "11"}
    assert all(each["picture"] for each in found["pictures"])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are texts")
def test_names_that_are_no_utf_8_are_told_with_a_sign(photos_run: Run, tmp_path: Path) -> None:
    for name in (b"caf\xe9.png", b"the.png", b"bad\xe9.png"):
        (tmp_path / os.fsdecode(name)).write_bytes(image(1) if b"bad" not in name else b"no picture")
    looked_into = explored(photos_run.path, samples_of(str(photos_run.path), photos_card(photos_run), str(tmp_path)))
    facts = looked_into.facts()
    assert [Path(each["name"]).name for each in facts["samples"]] == ["bad\ufffd.png", "caf\ufffd.png", "the.png"]
    found = looked_into.exciting(facts["layers"][0]["name"], 0)
    while found["looked_at"] < found["of"]:
        found = looked_into.exciting(facts["layers"][0]["name"], 0)
    for told in (facts, found, last(looked_into.plane.steps())):
        assert b"caf\xef\xbf\xbd.png" in JSONResponse(told).body
    (tmp_path / os.fsdecode(b"caf\xe9.png")).unlink()
    with pytest.raises(RefusedError, match=re.escape("caf\ufffd.png: No such file or directory; check it")) as refused:
        looked_into.sample(1)
    assert JSONResponse(str(refused.value)).body


def photos_card(run: Run) -> Card:
    return convsight.load(run.path).card
