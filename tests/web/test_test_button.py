from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from confluence_to_twig.airflow_private import CONNECTION_TEST_PATH as PATH
from confluence_to_twig.web.test_button import PortlessTest, without_port

STORED = {"connection_id": "c", "conn_type": "confluence", "host": "example.atlassian.net", "password": "***"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Tells what arrives behind the middleware."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["POST", "PATCH"])
    async def echo(path: str, request: Request) -> dict[str, Any]:
        body = await request.body()
        return {"body": body.decode(), "length": int(request.headers["content-length"])}

    app.add_middleware(PortlessTest)
    return TestClient(app)


@pytest.mark.parametrize("conn_type", ["confluence", "twig", "jira"])
@pytest.mark.parametrize("prefix", ["", "/airflow"])
def test_port_zero_is_left_out_of_the_question(client: TestClient, conn_type: str, prefix: str) -> None:
    question = STORED | {"conn_type": conn_type}
    arrived = client.post(prefix + PATH, json=question | {"port": 0}).json()
    assert json.loads(arrived["body"]) == question
    assert arrived["length"] == len(arrived["body"])


@pytest.mark.parametrize("port", [443, None, "0"])
def test_a_port_that_was_entered_stays(client: TestClient, port: Any) -> None:
    arrived = client.post(PATH, json=STORED | {"port": port}).json()
    assert json.loads(arrived["body"])["port"] == port


def test_connections_of_other_types_are_not_touched(client: TestClient) -> None:
    arrived = client.post(PATH, json=STORED | {"conn_type": "http", "port": 0}).json()
    assert json.loads(arrived["body"])["port"] == 0


@pytest.mark.parametrize(("method", "path"), [("PATCH", PATH), ("POST", "/api/v2/connections")])
def test_other_requests_are_not_touched(client: TestClient, method: str, path: str) -> None:
    arrived = client.request(method, path, json=STORED | {"port": 0}).json()
    assert json.loads(arrived["body"])["port"] == 0


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b"\xff"])
def test_what_is_no_question_goes_on_as_it_came(body: bytes) -> None:
    assert without_port(body) == body
