"""What people see, and what describes the interface to programs."""

import re
from typing import Any

from tests.serve.live import Live


def test_pages_load_nothing_from_elsewhere(server: Live) -> None:
    for path in ("/", "/docs"):
        found = server.get(path)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in found.headers["content-security-policy"]
        own = found.text.replace(server.url, "")  # it stands in curl lines
        assert not re.findall(r"(?:src|href)=\"(?!/|#)|https?://|@import|url\(", own)
    assert "https://" not in server.get("/openapi.json").text


def test_the_openapi_document_describes_what_there_is(server: Live) -> None:
    document = server.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/predict",
        "/predict/{model}",
        "/model",
        "/model/{name}",
        "/health",
        "/metrics",
    }
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert set(body) == {"image/*", "application/octet-stream", "multipart/form-data", "application/json"}
    assert all(
        reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]
        for reference in references(document)
    )
    operations = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == len(set(operations))


def references(value: Any) -> list[str]:
    """Every `$ref` in a JSON document."""
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    return []
