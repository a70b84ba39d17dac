"""Answers over HTTP: every way to ask, and that they are those of the model."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.serve.live import Live, image, live, request

import convsight
from convsight.results import Label


def scores(labels: list[dict[str, float]]) -> dict[str, float]:
    return {str(label["name"]): label["probability"] for label in labels}


def expected(trained: Path, data: bytes) -> dict[str, float]:
    label = convsight.load(trained).predict(data)
    assert isinstance(label, Label)
    return scores(label.to_json()["labels"])


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "application/octet-stream", None])
def test_a_raw_body_is_answered_as_the_model_answers(server: Live, trained: Path, kind: str | None) -> None:
    found = server.post(image(1), kind)
    assert found.status_code == 200
    document = found.json()
    assert list(document) == ["version", "model", "answers"]
    assert (document["version"], document["model"]) == (1, "digits")
    assert scores(document["answers"][0]["labels"]) == pytest.approx(expected(trained, image(1)), abs=1e-6)


def test_files_of_a_form_are_answered_in_order(server: Live, trained: Path) -> None:
    files = [("file", (f"{seed}.png", image(seed))) for seed in range(5)]
    found = request("POST", server.url + "/predict", files=files)
    assert found.status_code == 200
    answers = found.json()["answers"]
    assert [answer["file"] for answer in answers] == [f"{seed}.png" for seed in range(5)]
    for seed, answer in enumerate(answers):
        assert scores(answer["labels"]) == pytest.approx(expected(trained, image(seed)), abs=1e-6)


def test_json_with_base64(server: Live, trained: Path) -> None:
    images = [base64.b64encode(image(seed)).decode() for seed in range(3)]
    found = request("POST", server.url + "/predict", json={"pictures": images})
    answers = found.json()["answers"]
    assert [answer["file"] for answer in answers] == ["pictures[0]", "pictures[1]", "pictures[2]"]
    assert scores(answers[2]["labels"]) == pytest.approx(expected(trained, image(2)), abs=1e-6)


def test_a_bad_image_among_others_is_told_in_its_place(server: Live) -> None:
    files = [("file", ("a.png", image())), ("file", ("b.png", b"no image")), ("file", ("c.png", image(3)))]
    found = request("POST", server.url + "/predict", files=files)
    assert found.status_code == 200
    assert [("labels" in answer, "error" in answer) for answer in found.json()["answers"]] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_many_clients_are_answered_in_batches_each_with_its_own_prediction(server: Live, trained: Path) -> None:
    model = convsight.load(trained)
    names = {seed: model.predict(image(seed, side=300)).to_json()["labels"] for seed in range(40)}
    count, total = "convsight_batch_pictures_count", "convsight_batch_pictures_sum"
    runs, images = server.metric(count), server.metric(total)

    def ask(number: int) -> bool:
        answer = server.post(image(number % 40, side=300)).json()["answers"][0]
        return bool(scores(answer["labels"]) == pytest.approx(scores(names[number % 40]), abs=1e-5))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))
    assert server.metric(total) - images == 200
    files = [("file", (f"{seed}.png", image(seed))) for seed in range(64)]
    assert request("POST", server.url + "/predict", files=files).status_code == 200
    assert (server.metric(total) - images) / (server.metric(count) - runs) > 1


def test_several_models_are_asked_by_name(trained: Path) -> None:
    with live(f"one={trained}", f"two={trained / 'model.safetensors'}") as running:
        assert running.post(image(), path="/predict/one").json()["model"] == "one"
        assert running.post(image(), path="/predict?model=two").json()["model"] == "two"
        unnamed = running.post(image())
        assert unnamed.status_code == 400
        assert "one, two" in unnamed.json()["error"]
        assert [model["name"] for model in running.get("/model").json()["models"]] == ["one", "two"]
        assert running.get("/model/two").json()["card"]["task"] == "classification"
        assert running.get("/model/three").status_code == 404


def test_cards_and_health(server: Live, trained: Path) -> None:
    model = convsight.load(trained)
    found = server.get("/model/digits").json()
    assert found["card"] == json.loads(model.card.model_dump_json())
    assert found["version"] == 1
    assert server.get("/health").json() == {
        "version": 1,
        "status": "ready",
        "models": {"digits": {"engine": "openvino", "precision": model.engine.precision, "processor": "CPU"}},
    }


def test_the_metrics_can_be_read_by_prometheus(server: Live) -> None:
    before = server.metric("convsight_requests_total", path="/predict", status="200")
    predicted = server.metric("convsight_pictures_total", model="digits", outcome="answered")
    server.post(image())
    server.post(b"no image")
    assert server.metric("convsight_pictures_total", model="digits", outcome="answered") == predicted + 1
    assert server.metric("convsight_pictures_total", outcome="unreadable") >= 1
    assert server.metric("convsight_requests_total", path="/predict", status="200") == before + 1
    assert server.metric("convsight_requests_total", path="/predict", status="422") >= 1
    assert server.metric("convsight_request_seconds_count", path="/predict") >= before + 2
    assert server.metric("convsight_waiting_pictures") == 0
    assert server.metric("convsight_waiting_bytes") == 0


def test_the_metrics_tell_images_from_probes_and_scrapes(trained: Path) -> None:
    with live(trained) as running:
        asked = [
            running.post(image()),
            running.get("/predict"),  # another method, and known all the same
            running.post(image(), path="/predict/digits"),
            running.post(image(), path="/predict/nothing"),
            *(running.get("/health") for _ in range(5)),
            running.get("/health", headers={"Host": "evil.example"}),  # refused before a route is looked for
            running.get("/model/digits?a=b"),
            running.get("/predict/digits/more"),
            running.get("/wp-login.php"),
            running.get("/metrics"),
        ]
        assert [each.status_code for each in asked] == [200, 405, 200, 404, *[200] * 5, 421, 200, 404, 404, 200]
        counts = {"/predict": 2, "/predict/{model}": 2, "/health": 6, "/model": 0, "/model/{name}": 1, "other": 2}
        for path, count in counts.items():
            assert running.metric("convsight_requests_total", path=path) == count
            assert running.metric("convsight_request_seconds_count", path=path) == count
        assert running.metric("convsight_requests_total", path="/predict", status="405") == 1
        assert running.metric("convsight_requests_total", path="/metrics", status="200") > len(counts)


def test_no_path_that_is_asked_for_makes_a_label(server: Live) -> None:
    for path in ("/predict/a", "/predict/b", "/model/a", "/health/", "/a", "//predict", "/%2e%2e/predict", "/{model}"):
        server.get(path)
    known = {
        "/",
        "/docs",
        "/docs/{name}",
        "/openapi.json",
        "/predict",
        "/predict/{model}",
        "/model",
        "/model/{name}",
        "/health",
    }
    told = set(re.findall(r'[{,]path="([^"]*)"', server.get("/metrics").text))
    assert {"/predict/{model}", "/model/{name}", "other"} <= told <= known | {"/health", "/metrics", "other"}
