"""What people see, and what describes the interface to programs."""

import re
from typing import Any

from tests.serve.live import Live

from convsight.serve.app import create_app
from convsight.serve.settings import ServeSettings


def test_pages_load_nothing_from_elsewhere(server: Live) -> None:
    for path in ("/", "/docs"):
        found = server.get(path)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in found.headers["content-security-policy"]
        assert not re.findall(r"https?://|@import|url\(", found.text)
    assert "https://" not in server.get("/openapi.json").text


def test_all_that_the_docs_ask_for_comes_from_here(server: Live) -> None:
    page = server.get("/docs").text
    asked = re.findall(r"(?:src|href)=\"(?!data:)([^\"]+)\"", page) + re.findall(r"url: '([^']+)'", page)
    assert sorted(asked) == ["docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "openapi.json"]
    kinds = [server.get(f"/{name}").headers["content-type"].partition(";")[0] for name in sorted(asked)]
    assert kinds == ["text/javascript", "text/css", "application/json"]
    assert '"validatorUrl": "none"' in page  # else it would be asked elsewhere
    for name in ("favicon-32x32.png", "__init__.py", "..%2f__init__.py", "nothing"):
        assert server.get(f"/docs/{name}").status_code == 404


def test_the_token_is_a_part_of_the_document_where_one_is_needed() -> None:
    for token, schemes in ((None, None), ("a-token", {"HTTPBearer": {"type": "http", "scheme": "bearer"}})):
        document = create_app({}, ServeSettings.of(token=token)).openapi()
        assert document["components"].get("securitySchemes") == schemes
        assert ("security" in document["paths"]["/predict"]["post"]) == (token is not None)


def test_metrics_are_text(server: Live) -> None:
    responses = server.get("/openapi.json").json()["paths"]["/metrics"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["text/plain"]
    assert list(responses["4XX"]["content"]) == ["application/json"]


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
    answers = document["paths"]["/predict"]["post"]["responses"]["200"]["content"]
    assert set(answers) == {"application/json", "image/png", "application/zip"}
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
