"""`?explain=METHOD`: maps over HTTP, within the limits of the server."""

import asyncio
import base64
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any, final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.explain.bright_model import bright_model
from tests.serve.live import Live, image, live, request

import convsight
from convsight.explain.importance_map import SUFFIXES
from convsight.runtime.engine import Engine
from convsight.runtime.model import Model
from convsight.serve.admission import Admission
from convsight.serve.asked_map import Asked
from convsight.serve.explainer import Explainer
from convsight.serve.pending_request import PendingRequest
from convsight.serve.refusal import ClientGoneError, RefusedError
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings
from convsight.serve.uploads import Upload

OCCLUSION = "/predict?explain=occlusion"


def test_a_map_is_that_of_the_command_line(server: Live, trained: Path) -> None:
    found = server.post(image(1), path=f"{OCCLUSION}&target=3")
    assert found.status_code == 200
    [answer] = found.json()["answers"]
    expected = convsight.explain(trained, image(1), method="occlusion", target="3")
    assert {name: answer[name] for name in ("method", "about", "settings", "size")} == {
        name: expected.to_json()[name] for name in ("method", "about", "settings", "size")
    }
    assert answer["range"] == pytest.approx(expected.to_json()["range"], abs=1e-3)
    with Image.open(io.BytesIO(base64.b64decode(answer["map"]))) as picture:
        levels = np.asarray(picture).astype(float)
    assert levels.shape == expected.values.shape
    largest = np.abs(expected.values).max()
    np.testing.assert_allclose((levels - 128) / 127 * largest, expected.values, atol=largest / 50)


def test_the_drawn_map_is_a_picture(server: Live) -> None:
    headers = {"Accept": "image/png", "Content-Type": "application/octet-stream"}
    found = request("POST", server.url + OCCLUSION, content=image(1), headers=headers)
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(found.content)) as drawn:
        assert drawn.height > drawn.width >= 200  # with words above and the scale below
    other = request("POST", server.url + OCCLUSION, content=image(1), headers=headers | {"Accept": "text/html"})
    wanted = "ask for application/json, image/png, application/zip"
    assert (other.status_code, wanted in other.json()["error"]) == (406, True)


def test_an_archive_has_the_files_of_the_command_line(server: Live, trained: Path) -> None:
    files = [("file", ("a.png", image(1))), ("file", ("b.png", b"no image"))]
    path = f"{OCCLUSION}&window=4&stride=4&fill=0&evidence=false"
    found = request("POST", server.url + path, files=files, headers={"Accept": "application/zip"})
    assert (found.status_code, found.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        names = [f"000001-a.occlusion.{suffix}" for suffix in SUFFIXES]
        assert archive.namelist() == [*names, "000002-b.json"]
        told = json.loads(archive.read("000001-a.occlusion.json"))
        values = np.load(io.BytesIO(archive.read("000001-a.occlusion.npy")))
        assert "error" in json.loads(archive.read("000002-b.json"))
        with Image.open(io.BytesIO(archive.read("000001-a.occlusion.png"))) as drawn:
            assert drawn.width >= 200
    expected = convsight.explain(trained, image(1), method="occlusion", window=4, stride=4, fill="0", evidence=False)
    assert (told["settings"]["window"], told["settings"]["stride"], told["settings"]["fill"]) == (4, 4, "0")
    assert told["evidence"] == {}
    np.testing.assert_allclose(values, expected.values, atol=1e-3 * np.abs(expected.values).max())


def test_a_bad_image_among_others_is_told_in_its_place(server: Live) -> None:
    files = [("file", ("a.png", image())), ("file", ("b.png", b"no image"))]
    found = request("POST", server.url + OCCLUSION, files=files)
    assert [("map" in answer, "error" in answer) for answer in found.json()["answers"]] == [
        (True, False),
        (False, True),
    ]
    assert server.post(b"no image", path=OCCLUSION).status_code == 422


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("explain=oclusion", "unknown method 'oclusion'; did you mean occlusion"),
        ("explain=occlusion&target=dog", "unknown class 'dog'"),
        ("target=3", "target goes with explain"),
        ("samples=30", "samples goes with explain"),
        ("explain=occlusion&windw=4", "unknown option 'windw'; did you mean window"),
        ("explain=occlusion&window=big", "window=big: give a whole number"),
        ("explain=occlusion&window=0", "window 0: give at least 1"),
        ("explain=occlusion&window=4000", "window 4000: the network sees"),
        ("explain=occlusion&samples=30", "samples does nothing for occlusion"),
        ("explain=smoothgrad&noise=inf", "noise inf: give at most 100"),
        (f"explain=lime-classic&seed={2**32}", "seed 4294967296: give at most 4294967295"),
        ("explain=rise&cells=" + 2200 * "9", ": give at most 256"),
        ("explain=rise&samples=257", "samples=257: at most 256 here"),
        ("explain=occlusion&evidence=perhaps", "evidence=perhaps: give true or false"),
    ],
)
def test_what_is_not_there_is_told(server: Live, query: str, message: str) -> None:
    found = server.post(image(), path=f"/predict?{query}")
    assert found.status_code == 422
    assert message in found.json()["error"]
    assert server.post(image()).status_code == 200


@pytest.mark.slow
def test_gradients_need_the_weights(trained: Path, server: Live) -> None:
    with live(trained / "model.onnx") as exported:
        found = exported.post(image(), path="/predict?explain=gradcam")
        assert found.status_code == 422
        assert "serve the run with its model.safetensors, or ask for occlusion" in found.json()["error"]
        assert str(trained) not in found.text
    assert server.post(image(), path="/predict?explain=gradcam").json()["answers"][0]["method"] == "gradcam"
    unknown = server.post(image(), path="/predict?explain=gradcam&layer=nowhere")
    assert (unknown.status_code, "unknown layer 'nowhere'" in unknown.json()["error"]) == (422, True)


@final
class Noting(Engine):
    """Answers as `inner` does, and notes how many images wait at each run; after so many the client is gone."""

    name, precision, streams = "noting", "float32", 1

    def __init__(self, inner: Engine, admission: Admission) -> None:
        self.inner, self.admission = inner, admission
        self.held: list[int] = []
        self.after: tuple[int, PendingRequest] | None = None

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.held.append(self.admission.images)
        if self.after is not None and len(self.held) > self.after[0]:
            self.after[1].drop()
        return self.inner.run(inputs)


async def explained_by(noting: Noting, settings: ServeSettings, images: int, gone_after: int | None = None) -> None:
    ticket = noting.admission.ticket("somebody")
    ticket.add_images(images)
    pending = PendingRequest([Upload(f"{k}.png", image(k, side=16)) for k in range(images)], ticket)
    noting.after = None if gone_after is None else (gone_after, pending)
    models = {"hand": Model(bright_model(16).card, noting)}
    explainer = Explainer(models, settings, ServerMetrics(noting.admission))
    try:
        await explainer.explain("hand", Asked("occlusion", None), pending)
        assert all({"map", "evidence", "range"} <= answer.keys() for answer in pending.predictions)
        assert all("verdict" in answer["evidence"] for answer in pending.predictions)
    finally:
        pending.end()
        await asyncio.sleep(0)
        explainer.close()


@pytest.mark.parametrize("keeps_images", [False, True])
def test_maps_are_kept_where_files_are_made_of_them_and_else_count_as_they_are_sent(keeps_images: bool) -> None:
    admission = Admission(1000, 10**6)

    async def check() -> None:
        ticket = admission.ticket("somebody")
        ticket.add_images(2)
        uploads = [Upload(f"{k}.png", image(k, side=16)) for k in range(2)]
        pending = PendingRequest(uploads, ticket, keeps_images=keeps_images)
        explainer = Explainer({"hand": bright_model(16)}, ServeSettings(), ServerMetrics(admission))
        found = await explainer.explain("hand", Asked("occlusion", evidence=False), pending)
        await pending.done
        told = [answer.get("map") for answer in pending.predictions]
        if keeps_images:
            assert [each is None for each in found] == [False, False]
            assert (told, admission.bytes) == ([None, None], 0)
        else:
            assert found == [None, None]
            assert admission.bytes == sum(len(each) for each in told if each) > 2 * 50
        pending.end()
        explainer.close()

    asyncio.run(check())
    assert admission.bytes == 0


def test_maps_for_which_there_is_no_room_are_refused() -> None:
    async def check() -> None:
        admission = Admission(1000, 50)
        pending = PendingRequest([Upload("0.png", image(0, side=16))], admission.ticket("somebody"))
        explainer = Explainer({"hand": bright_model(16)}, ServeSettings(), ServerMetrics(admission))
        with pytest.raises(RefusedError, match="the answer takes over 5e-05 MB") as refused:
            await explainer.explain("hand", Asked("occlusion", evidence=False), pending)
        assert refused.value.status == 413
        pending.end()
        explainer.close()

    asyncio.run(check())


def test_varied_pictures_count_as_images_that_wait() -> None:
    settings = ServeSettings(queue=1000)
    noting = Noting(bright_model(16).engine, Admission(1000, 10**6))
    asyncio.run(explained_by(noting, settings, images=1))
    windows = 225  # of 2 px, one pixel apart: 15 x 15
    assert noting.held[0] == 1  # before it was known
    assert next(held for held in noting.held if held > 1) == 1 + windows
    assert max(noting.held) <= 1 + 500
    assert noting.admission.images == 0


def test_no_request_counts_as_more_than_half_of_what_may_wait() -> None:
    noting = Noting(bright_model(16).engine, Admission(100, 10**6))
    asyncio.run(explained_by(noting, ServeSettings(queue=100), images=3))
    assert max(noting.held) == 3 + 50
    assert noting.admission.images == 0


def test_one_that_has_begun_is_not_refused_for_what_else_waits() -> None:
    admission = Admission(100, 10**6)
    other = admission.ticket("another")
    other.add_images(60)
    noting = Noting(bright_model(16).engine, admission)
    asyncio.run(explained_by(noting, ServeSettings(queue=100), images=1))
    assert max(noting.held) == 60 + 20  # half of what the other leaves
    assert admission.images == 60


def test_what_is_answered_counts_no_longer() -> None:
    noting = Noting(bright_model(16).engine, Admission(1000, 10**6))
    asyncio.run(explained_by(noting, ServeSettings(queue=1000), images=1))
    after = noting.held[noting.held.index(1 + 225) :]  # windows, then what evidence asks for
    assert min(after) < 1 + 225 - 64
    assert noting.admission.images == 0


def test_a_ticket_holds_as_many_as_there_is_room_for_and_gives_them_back() -> None:
    admission = Admission(100, 10**6)
    one, other = admission.ticket("one"), admission.ticket("other")
    one.add_images(1)
    assert one.hold_varied(500) == 99  # alone it may have all
    assert one.hold_varied(30) == 30
    assert admission.images == 31
    assert other.hold_varied(500) == 34  # half of the 69 that are left
    one.release()
    assert (admission.images, other.hold_varied(0), admission.images) == (34, 0, 0)


def test_it_ends_where_the_client_is_gone() -> None:
    noting = Noting(bright_model(16).engine, Admission(1000, 10**6))
    with pytest.raises(ClientGoneError):
        asyncio.run(explained_by(noting, ServeSettings(queue=1000), images=3, gone_after=2))
    assert len(noting.held) <= 4  # at the next batch it is noticed
    assert noting.admission.images == 0


def test_what_takes_too_long_is_given_up(trained: Path) -> None:
    with live(trained, "--timeout", "0.001") as hasty:
        assert hasty.post(image(), path=OCCLUSION).status_code in {408, 504}
        deadline = time.monotonic() + 20
        while hasty.metric("convsight_waiting_pictures") > 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert hasty.metric("convsight_waiting_pictures") == 0
