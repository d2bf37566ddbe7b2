"""The sandbox answers as docs/twig-api.openapi.yaml says, and the contract's own examples agree with it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings

from sandbox.serving import running
from sandbox.twig import (
    DEFAULT_AGENT,
    DEFAULT_KEY,
    DEFAULT_ORG,
    SandboxTwig,
    ServedTwig,
    Settings,
    data_specs,
    processing,
    rates,
)
from sandbox.twig.models import NewDataSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Caller

pytest_plugins = ["schemathesis.pytest.plugin"]
DOCS = Path(__file__).resolve().parents[3] / "docs"
CONTRACT = yaml.safe_load((DOCS / "twig-api.openapi.yaml").read_text())
#: High enough never to refuse, but on: the contract asks for the X-RateLimit headers.
PLENTY = (1e9, 10**9)


SPEC, PROCESS, CURSOR = "ds_contract", "proc_contract", "MQ=="


def narrowed(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with the ids that exist in the sandbox, so that generated requests come past the 404."""
    contract = copy.deepcopy(contract)
    contract["components"]["parameters"]["DataSpecId"]["schema"]["enum"] = [SPEC]
    contract["paths"]["/api/process-logs/{id}"]["get"]["parameters"][0]["schema"]["enum"] = [PROCESS]
    contract["paths"]["/api/data-specs/{id}/documents"]["get"]["parameters"][1]["schema"]["enum"] = ["", CURSOR]
    body_of(contract, "/api/v1/semantic-search")["org_id"]["enum"] = [DEFAULT_ORG]
    body_of(contract, "/api/v1/query")["agent_id"]["enum"] = [DEFAULT_AGENT]
    return contract


def body_of(contract: dict[str, Any], path: str) -> dict[str, Any]:
    return contract["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]


@pytest.fixture(scope="module")
def live() -> Iterator[ServedTwig]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rates.BUDGETS, "Read", PLENTY)
        patch.setitem(rates.BUDGETS, "Execute", PLENTY)
        twig = SandboxTwig(settings=Settings(write_per_minute=PLENTY[0], write_burst=PLENTY[1]))
        with running(twig.app) as base_url:
            provide(twig)
            yield ServedTwig(twig, base_url)
        twig.close()


def provide(twig: SandboxTwig) -> None:
    """The data source and the process that the narrowed contract names."""
    with twig.store.transaction() as db:
        made = data_specs.create(db, DEFAULT_ORG, NewDataSpec(name="product-docs", type="FILE"), 0.0)
        db.execute("UPDATE data_specs SET id = ? WHERE id = ?", (SPEC, made["id"]))
        started = processing.start(db, DEFAULT_ORG, SPEC, 0.0, 0.0)
        db.execute("UPDATE processes SET id = ? WHERE id = ?", (PROCESS, started["processId"]))


schema = schemathesis.openapi.from_dict(narrowed(CONTRACT))
# Unknown parameters are ignored, as the contract says, so they make no request wrong.
schema.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_contract_describes(case: schemathesis.Case, live: ServedTwig) -> None:
    authorized = {"Authorization": f"Bearer {DEFAULT_KEY}"}
    if case.method == "DELETE" and case.path_parameters.get("id") == SPEC:
        new = {"name": "short-lived", "type": "FILE"}
        made = requests.post(f"{live.base_url}/api/data-specs", json=new, headers=authorized, timeout=30)
        case.path_parameters["id"] = made.json()["data"]["id"]
    # Keys repeat among generated requests, and would make a right one wrong.
    with live.twig.store.transaction() as db:
        db.execute("DELETE FROM remembered_answers")
    # Compression is tested by hand: a generated header says nothing about how the body was made.
    case.headers.pop("Content-Encoding", None)
    case.call_and_validate(base_url=live.base_url, headers=authorized)


def examples() -> Iterator[tuple[str, Any, Any]]:
    """(where, example, schema) of every request and answer example in the OpenAPI file."""
    for path, item in CONTRACT["paths"].items():
        for method in ("get", "post", "delete"):
            operation = item.get(method, {})
            bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
            for number, body in enumerate(bodies):
                media = body.get("content", {}).get("application/json", {})
                if "example" in media:
                    yield f"{method} {path} {number}", media["example"], media["schema"]


def validate(example: Any, schema: Any) -> None:
    jsonschema.validate(example, {**schema, "components": CONTRACT["components"]}, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("example", "schema"), [e[1:] for e in examples()], ids=[e[0] for e in examples()])
def test_every_example_fits_its_schema(example: Any, schema: Any) -> None:
    validate(example, schema)


def test_the_printed_examples_of_the_document_are_json_and_errors_fit_the_error_schema() -> None:
    text = (DOCS / "twig-api-contract.md").read_text()
    errors = re.findall(r"`(\{ \"error\".*?\})`", text)
    assert len(errors) == 3
    for error in errors:
        validate(json.loads(error), {"$ref": "#/components/schemas/Error"})


def test_every_route_of_the_document_is_in_the_openapi_file_and_the_reverse() -> None:
    text = (DOCS / "twig-api-contract.md").read_text()
    glance = text[text.index("## At a glance") : text.index("## 1.")]
    named = {tuple(route.split(" ")) for route in re.findall(r"^\| `(\w+ /api/[^`?]*)", glance, re.MULTILINE)}
    described = {
        (method.upper(), path) for path, item in CONTRACT["paths"].items() for method in item if method != "parameters"
    }
    assert named == described


def test_the_write_example_goes_round(api: Caller) -> None:
    spec = api.create()
    example = CONTRACT["paths"]["/api/data-specs/{id}/documents"]["post"]["requestBody"]["content"]["application/json"]
    outcome = api.post(f"/api/data-specs/{spec}/documents", example["example"]).json()
    assert outcome["data"]["accepted"] == [{"id": "65538", "version": 7}]
    assert outcome["data"]["deleted"] == ["65601", "65777"]
    [held] = api.get(f"/api/data-specs/{spec}/documents").json()["data"]["items"]
    sent = example["example"]["upserts"][0]
    assert {name: held[name] for name in ("id", "version", "contentHash", "title", "url", "metadata")} == {
        name: sent[name] for name in ("id", "version", "contentHash", "title", "url", "metadata")
    }
