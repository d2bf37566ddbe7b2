from __future__ import annotations

import json

import responses

from sandbox.airflow_api import AirflowApi
from sandbox.airflow_settings import AirflowSettings

URL = "http://127.0.0.1:8080/api/v2/connections"


@responses.activate
def test_a_connection_that_somebody_pointed_elsewhere_stays_as_it_is() -> None:
    stored = [
        {"connection_id": "confluence_default", "host": "yourcompany.atlassian.net"},
        {"connection_id": "twig_default", "host": "http://127.0.0.1:9999"},
    ]
    responses.get(URL, json={"connections": stored})
    responses.post(URL, status=409)
    responses.patch(f"{URL}/twig_default", json={})
    ours = {
        name: {"conn_type": "x", "host": "http://127.0.0.1:8090"} for name in ("confluence_default", "twig_default")
    }
    AirflowApi("http://127.0.0.1:8080").apply(AirflowSettings(connections=ours, variables={}, pools={}))
    bodies = [json.loads(call.request.body) for call in responses.calls if call.request.body]
    assert [body["connection_id"] for body in bodies] == ["twig_default", "twig_default"]
