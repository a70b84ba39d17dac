"""The process: who may ask, what it bears, how it starts and stops."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.command import Done, process, within
from tests.serve.live import Live, image, live, read_all, request, slow_image, wait_until

from convsight.errors import UserError
from convsight.runtime.model import load
from convsight.serve.server import serve
from convsight.serve.settings import ServeSettings

TOKEN = "correct-horse-battery-staple"


def refused(*arguments: str | Path, run: Callable[..., Done] = within) -> str:
    """The words of a server that does not start."""
    done = run("serve", *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def test_a_server_that_others_can_reach_needs_a_token(trained: Path) -> None:
    assert "CONVSIGHT_TOKEN" in refused(trained, "--host", "0.0.0.0")


def test_a_port_in_use(trained: Path, server: Live) -> None:
    assert "--port" in refused(trained, "--port", str(server.address[1]), run=process)


def test_the_port_may_come_from_the_environment(trained: Path, server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSIGHT_PORT", str(server.address[1]))
    assert f"port {server.address[1]}:" in refused(trained)
    assert "port 70000" in refused(trained, "--port", "70000")
    monkeypatch.setenv("CONVSIGHT_PORT", "tcp://10.0.0.1:8000")
    assert "CONVSIGHT_PORT" in refused(trained)


def test_a_network_that_does_not_run_does_not_start(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(trained)
    monkeypatch.setattr(type(model.engine), "run", lambda *_: 1 / 0)
    told: list[str] = []
    with pytest.raises(UserError, match=r"mine does not run by \w+ here: division by zero; .* --engine"):
        serve({"mine": model}, ServeSettings(port=0), told.append)
    assert told == []


def test_with_a_token_all_but_health_needs_it(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    with live(trained, "--host", "0.0.0.0", "--token-file", tmp_path / "token") as running:
        url = f"http://127.0.0.1:{running.address[1]}"
        assert request("GET", url + "/health").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer"}):
            for path in ("/", "/model", "/metrics", "/openapi.json", "/docs", "/nothing"):
                assert request("GET", url + path, headers=headers).status_code == 401
            assert request("POST", url + "/predict", content=image(), headers=headers).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/png", "Host": "some.name"}
        assert request("POST", url + "/predict", content=image(), headers=right).status_code == 200


def test_the_token_may_come_from_the_environment(trained: Path) -> None:
    with live(trained, environment={"CONVSIGHT_TOKEN": TOKEN}) as running:
        assert running.get("/model").status_code == 401
        assert running.get("/model", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200
        odd = b"GET /model HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n"
        assert running.raw(odd).split()[1] == b"401"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::2]"])
def test_other_host_names_are_refused_without_a_token(server: Live, host: str) -> None:
    found = server.get("/model", headers={"Host": host})
    assert found.status_code == 421
    assert "localhost" in found.json()["error"]
    for name in ("localhost", "localhost:1234", "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "[::1]"):
        assert server.get("/health", headers={"Host": name}).status_code == 200


def test_overload_is_answered_with_503_and_passes(trained: Path) -> None:
    slow = slow_image()
    with live(trained, "--queue", "4", "--max-pictures", "4", "--workers", "1") as running:
        with ThreadPoolExecutor(40) as pool:
            found = list(pool.map(lambda _: running.post(slow), range(80)))
        statuses = {response.status_code for response in found}
        assert statuses == {200, 503}
        for response in found:
            assert response.status_code == 200 or response.headers["retry-after"] == "1"
        assert running.post(slow).status_code == 200
        assert running.metric("convsight_waiting_pictures") == 0


def test_bodies_together_are_bounded(trained: Path) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1900000\r\n\r\n"
    with live(trained, "--max-body-mb", "2", "--max-waiting-mb", "4") as running, ExitStack() as held:
        before = running.memory_mib()
        for _ in range(30):
            connection = held.enter_context(socket.create_connection(running.address))
            connection.settimeout(1)
            try:
                connection.sendall(head + bytes(1_800_000))
            except OSError:
                continue
        assert running.metric("convsight_waiting_bytes") <= 4e6
        wait_until(lambda: running.metric("convsight_requests_total", status="503") > 0)
        assert running.memory_mib() - before < 60
        held.close()
        wait_until(lambda: running.metric("convsight_waiting_bytes") == 0)
        assert running.post(image()).status_code == 200


def test_a_prediction_that_takes_too_long(trained: Path) -> None:
    files = [("file", ("a.png", slow_image(7000)))]
    with live(trained, "--timeout", "2", "--workers", "1") as running:
        found = request("POST", running.url + "/predict", files=files * 32)
        assert found.status_code == 504
        assert "--timeout" in found.json()["error"]
        wait_until(lambda: running.metric("convsight_waiting_pictures") == 0)
        assert running.metric("convsight_pictures_total", outcome="dropped") > 0
        assert running.post(image()).status_code == 200


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_stop_loses_nothing_that_was_taken_on(trained: Path, number: int, code: int) -> None:
    slow = slow_image()
    with live(trained, "--workers", "1") as running:
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(running.post(slow).status_code)

        clients = [threading.Thread(target=ask) for _ in range(12)]
        for client in clients:
            client.start()
        wait_until(lambda: running.metric("convsight_waiting_pictures") + len(statuses) == 12)
        assert len(statuses) < 12
        assert running.stop(number) == code
        for client in clients:
            client.join()
        assert statuses == [200] * 12
        assert running.process.stderr is not None
        assert "Traceback" not in running.process.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_whoever_was_connected_when_the_terminal_went_is_answered(trained: Path) -> None:
    body = image()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    with live(trained) as running, ExitStack() as left:
        clients = [left.enter_context(socket.create_connection(running.address, timeout=30)) for _ in range(200)]
        running.process.send_signal(signal.SIGHUP)
        for client in clients:
            client.sendall(head + body)
        for client in clients:
            said = read_all(client)
            assert said.startswith(b"HTTP/1.1 200")
        assert running.process.wait(60) == 0


def test_one_heavy_client_keeps_nobody_waiting(trained: Path) -> None:
    files = [("file", ("a.png", slow_image(6000)))] * 48
    with live(trained, "--workers", "2") as running, ThreadPoolExecutor(1) as pool:
        heavy = pool.submit(request, "POST", running.url + "/predict", files=files)
        wait_until(lambda: running.metric("convsight_waiting_pictures") == 48)
        for _ in range(3):
            assert running.post(image()).status_code == 200
        assert running.metric("convsight_waiting_pictures") == 48  # of the heavy one, all of which still waits
        assert not heavy.done()
        running.process.kill()
        assert isinstance(heavy.exception(60), httpx.TransportError)


def test_a_connection_that_does_not_read_does_not_hold_up_the_stop(trained: Path) -> None:
    with live(trained, "--timeout", "1") as running, socket.create_connection(running.address) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert running.stop() == 0


def test_what_runs_each_model_is_chosen_and_said(trained: Path) -> None:
    with live(f"a={trained}", "--engine", "onnxruntime") as running:
        assert running.told == ["a: small, run by onnxruntime in float32"]
        assert running.get("/health").json()["models"] == {
            "a": {"engine": "onnxruntime", "precision": "float32", "processor": "CPU"}
        }
        assert running.post(image()).status_code == 200
    with live(f"a={trained}", "--precision", "float32") as running:
        assert running.told == ["a: small, run by openvino in float32"]


def test_the_server_itself_needs_no_pytorch() -> None:
    rooms = "app, batcher, connection_limits, request_middleware, served_models, server, settings, uploads"
    code = f"import sys; from convsight.serve import {rooms}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ.copy())
