"""A small hub on this machine: the few answers that huggingface_hub's client needs to push and pull."""

import base64
import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = hashlib.sha1(b"a commit").hexdigest()


class Loopback(ThreadingHTTPServer):
    """Repositories as dicts of files; `asked` holds every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.made: list[dict[str, Any]] = []
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Loopback

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._tell(self.server.repositories.get("/".join(parts[2:4])), "/".join(parts[2:4]), parts[4:])
        elif parts[2:3] == ["resolve"]:
            self._file("/".join(parts[:2]), parts[3], parts[-1])
        else:
            self._send(404, b"{}")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        content = self.rfile.read(int(self.headers["Content-Length"]))
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[-2:] == ["repos", "create"]:
            self._create(json.loads(content))
        elif "preupload" in parts:
            files = [
                {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                for each in json.loads(content)["files"]
            ]
            self._json({"files": files})
        elif "commit" in parts:
            self._commit("/".join(parts[2:4]), content)
        else:  # validate-yaml
            self._json({"errors": [], "warnings": []})

    def _create(self, asked: dict[str, Any]) -> None:
        self.server.made.append(asked)
        name = f"{asked['organization']}/{asked['name']}"
        self.server.repositories.setdefault(name, {})
        self._json({"url": f"{self.server.address}/{name}", "name": name})

    def _commit(self, name: str, content: bytes) -> None:
        for line in map(json.loads, content.splitlines()):
            if line["key"] == "file":
                value = line["value"]
                self.server.repositories[name][value["path"]] = base64.b64decode(value["content"])
        self._json({"success": True, "commitUrl": f"{self.server.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT})

    def _tell(self, files: dict[str, bytes] | None, name: str, rest: list[str]) -> None:
        if files is None or (rest[:1] == ["revision"] and rest[1] not in {"main", "v1", COMMIT}):
            missing = "RepoNotFound" if files is None else "RevisionNotFound"
            self._send(404, json.dumps({"error": "not there"}).encode(), {"X-Error-Code": missing})
            return
        siblings = [{"rfilename": file, "size": len(content)} for file, content in files.items()]
        self._json({"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings})

    def _file(self, name: str, revision: str, file: str) -> None:
        content = self.server.repositories[name][file]
        digest = hashlib.sha256(content).hexdigest()
        assert revision == COMMIT
        self._send(200, content, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT})

    def _json(self, document: dict[str, Any]) -> None:
        self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass
