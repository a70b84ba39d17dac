"""The page about the interface: it tells what the OpenAPI document tells, and nothing on it is taken for HTML."""

import json
import shutil
import subprocess
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.serve.live import Live, picture

from convsight.serve.api_page import api_page

HOSTILE = '<script>alert("1")</script>\'&`<b>`'


class Read(HTMLParser):
    """What stands on a page, by the section it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text: dict[str, list[str]] = defaultdict(list)
        self.commands: list[str] = []
        self._section = ""
        self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        values = dict(attrs)
        if tag == "section":
            self._section = values["id"] or ""
        if tag == "a":
            self.links.add(values["href"] or "")

    def handle_data(self, data: str) -> None:
        self.text[self._section].append(data)
        if self._tag == "pre":
            self.commands.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def told(self, section: str) -> str:
        return " ".join(self.text[section])


@pytest.fixture(scope="module")
def document(server: Live) -> dict[str, Any]:
    found: dict[str, Any] = server.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def page(server: Live) -> Read:
    return Read(server.get("/docs").text)


def test_every_endpoint_with_parameters_bodies_and_statuses(page: Read, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = page.told(method + path)
            assert f"{method.upper()}  {path}" in told
            assert operation["description"] in told
            words = [parameter["name"] for parameter in operation.get("parameters", [])]
            words += operation.get("requestBody", {"content": {}})["content"]
            for status, response in operation["responses"].items():
                words += [status, response["description"], *response["content"]]
            assert [word for word in words if word not in page.text[method + path]] == []
            assert f"#{method}{path}".replace("{", "%7B").replace("}", "%7D") in page.links


def test_every_schema_with_its_members_and_links_that_lead_somewhere(page: Read, document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert set(schema.get("properties", ())) <= set(page.text[f"schema/{name}"])
        assert f"#schema/{name}" in page.links
    sections = {section.replace("{", "%7B").replace("}", "%7D") for section in page.text}
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= sections
    card = page.told("schema/Card")
    assert "object of  Measured  by name" in card
    assert '"float32"  or  "float16"  or  "int8"' in card
    assert "number Value, number Low, number High" in page.told("schema/Measured")


def test_it_has_no_script_and_asks_for_nothing(page: Read) -> None:
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not {name for name in page.attributes if name.startswith("on")}


def test_metrics_are_text(document: dict[str, Any]) -> None:
    responses = document["paths"]["/metrics"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["text/plain"]
    assert list(responses["4XX"]["content"]) == ["application/json"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_lines_work_as_they_stand(page: Read, server: Live, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(picture(kind="JPEG"))
    (tmp_path / "dog.png").write_bytes(picture(1))
    assert len(page.commands) == 12
    for command in page.commands:
        assert server.url in command
        done = subprocess.run(f"{command} --silent --fail", shell=True, cwd=tmp_path, capture_output=True, check=True)
        if "/predict" in command:
            assert all("labels" in answer for answer in json.loads(done.stdout)["answers"])


def test_the_address_is_the_one_that_was_asked(server: Live) -> None:
    asked = server.get("/docs", headers={"Host": "localhost:1234"}).text
    assert "http://localhost:1234/predict" in asked
    assert server.url not in asked


def test_names_and_texts_are_text(document: dict[str, Any]) -> None:
    hostile = json.loads(json.dumps(document).replace("Refused", json.dumps(HOSTILE)[1:-1]))
    hostile["info"] = {"title": HOSTILE, "version": HOSTILE}
    member = {"type": HOSTILE, "format": HOSTILE, "title": HOSTILE, "pattern": HOSTILE, "description": HOSTILE}
    schema = {"properties": {HOSTILE: member, "choices": {"enum": [HOSTILE]}, "places": {"prefixItems": [member]}}}
    hostile["components"]["schemas"][HOSTILE] = schema | {"description": HOSTILE}
    operation = {
        "description": HOSTILE,
        "parameters": [{"name": HOSTILE, "in": HOSTILE, "schema": member, "description": HOSTILE}],
        "requestBody": {"content": {HOSTILE: {"schema": schema}}},
        "responses": {HOSTILE: {"description": HOSTILE, "content": {HOSTILE: {"schema": member}}}},
    }
    hostile["paths"]["/" + HOSTILE] = {HOSTILE: operation}
    harmless = api_page(document, "http://x", ["x"], needs_token=True)
    found = Read(page := api_page(hostile, "http://" + HOSTILE, [HOSTILE], needs_token=True))
    assert found.tags == Read(harmless).tags
    assert found.attributes == Read(harmless).attributes
    assert "<script" not in page
    assert "/model/%3Cscript%3Ealert" in page
    assert page.count("&lt;script&gt;") > 20


def test_a_token_is_sent_where_one_is_needed(document: dict[str, Any]) -> None:
    for needs_token in (False, True):
        commands = Read(api_page(document, "http://x", [], needs_token=needs_token)).commands
        sent = ["Authorization: Bearer $CONVSIGHT_TOKEN" in command for command in commands]
        assert sent == [needs_token] * 12
