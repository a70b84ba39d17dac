"""A real browser for tests of pages: a headless Chromium, spoken to over its DevTools pipe."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# The browser reads from descriptor 3 and writes to 4.
_AS_3_AND_4 = (
    "import os, sys; a, b, *run = sys.argv[1:]; os.dup2(int(a), 3); os.dup2(int(b), 4); os.execvp(run[0], run)"
)


class Browser:
    """One page of a Chromium; scripts stand for the user."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers
        self._session: dict[str, str] = {}
        self._count = 0
        self.complaints: list[str] = []  # what stands in the console in red
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self._call("Runtime.enable")
        self._call("Log.enable")

    def open(self, url: str, width: int = 1300, scheme: str = "light") -> None:
        """Load `url` in a window `width` pixels wide for someone who likes a `light` or a `dark` scheme."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("Page.navigate", url=url)
        self.run("new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def decide(self, permission: str, setting: str) -> None:
        """Let every page have what a user is asked for, such as the `camera`, or not: `granted` or `denied`."""
        self._call("Browser.setPermission", permission={"name": permission}, setting=setting)

    def heap_bytes(self) -> int:
        """What scripts of the page hold, after what nobody holds any more was thrown away."""
        self._call("HeapProfiler.collectGarbage")
        return int(self._call("Runtime.getHeapUsage")["usedSize"])

    def sideways(self) -> int:
        """By how many pixels the page scrolls sideways."""
        return int(self.run("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def picture(self, path: Path) -> None:
        """Write the whole page as a PNG file, for human eyes."""
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(b64decode(shot["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters, **self._session}
        self._requests.write(json.dumps(message).encode() + b"\0")
        self._requests.flush()
        while True:
            answer = json.loads(self._read())
            self._note(answer)
            if answer.get("id") == self._count:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _note(self, told: dict[str, Any]) -> None:
        """Keep what the browser complains of: errors that nobody caught, and those it tells itself."""
        about = told.get("params", {})
        if told.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(about["exceptionDetails"]))
        elif told.get("method") == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
        elif told.get("method") == "Runtime.consoleAPICalled" and about["type"] == "error":
            self.complaints.append(str(about["args"]))

    def _read(self) -> bytes:
        data = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser is gone"
            data += byte
        return bytes(data)


@contextmanager
def browser(profile: Path, *switches: str) -> Iterator[Browser]:
    """A Chromium whose files are in `profile`, with more `switches`; skips, saying so, where there is none."""
    if sys.platform == "win32":
        pytest.skip("the browser is spoken to over descriptors that Windows lacks")
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser here ({', '.join(_NAMES)})")
    to_browser, of_tests = os.pipe(), os.pipe()
    command = [
        program,
        "--headless",
        "--disable-gpu",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
        *switches,
    ]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    fcntl = import_module("fcntl")
    ends = [str(fcntl.fcntl(end, fcntl.F_DUPFD, 10)) for end in (to_browser[0], of_tests[1])]
    shell = [sys.executable, "-c", _AS_3_AND_4, *ends, *command]
    process = subprocess.Popen(shell, pass_fds=tuple(map(int, ends)), stderr=subprocess.DEVNULL)
    for end in (*map(int, ends), to_browser[0], of_tests[1]):
        os.close(end)
    try:
        with open(to_browser[1], "wb") as requests, open(of_tests[0], "rb") as answers:
            yield Browser(requests, answers)
    finally:
        try:
            process.wait(20)  # it ends with its pipe
        finally:
            process.kill()
            process.wait()
