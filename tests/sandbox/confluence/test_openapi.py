"""The look-alike against Atlassian's own description of its API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st

from sandbox.confluence import SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence, serve
from sandbox.confluence.routes import v2_routes
from sandbox.seed import SeedSpace

FILE = Path(__file__).parents[4] / "shared" / "fixtures" / "atlassian-openapi" / "confluence-cloud-v2.openapi.json"
pytestmark = pytest.mark.shared
#: Newer than the file.
NOT_IN_FILE = {"direct-children", "descendants"}


def _operations() -> list[tuple[str, str]]:
    routes = ((route.method, route.path.removeprefix("/api/v2")) for route in v2_routes())
    return [(method, path) for method, path in routes if path.rpartition("/")[2] not in NOT_IN_FILE]


def _correct(node: Any) -> Any:
    """Mend the file's own mistakes: above all it forgets ``nullable`` where its texts say "or null"."""
    if isinstance(node, list):
        return [_correct(item) for item in node]
    if not isinstance(node, dict):
        return node
    fixed = {name: _correct(value) for name, value in node.items()}
    if "null" in str(fixed.get("description", "")).lower() and "type" in fixed:
        fixed["nullable"] = True
    if fixed.get("type") == "string" and "items" in fixed:
        return fixed["items"]  # an enum hidden where only arrays may have one
    if isinstance(fixed.get("pattern"), str):
        fixed["pattern"] = f"^{fixed['pattern']}$"  # meant as a whole
    if fixed.get("nullable") and "enum" in fixed:
        fixed["enum"] = [*fixed["enum"], None]
    return fixed


@pytest.fixture(scope="module")
def schema() -> Any:
    if not FILE.exists():
        pytest.skip("needs Atlassian's OpenAPI file beside the checkout")
    raw = _correct(json.loads(FILE.read_text(encoding="utf-8")))
    space = raw["components"]["schemas"]
    for name in ("SpaceBulk", "SpaceSingle"):
        # Real answers say null here unless a format was asked for.
        space[name]["properties"]["description"] = {"nullable": True, "allOf": [space["SpaceDescription"]]}
        space[name]["properties"]["icon"] = {"nullable": True, "allOf": [space["SpaceIcon"]]}
    types = space["ContentIdToContentTypeResponse"]["properties"]["results"]
    # Its description: ids that cannot be seen map to null.
    types["additionalProperties"] = {"type": "string", "nullable": True}
    return schemathesis.openapi.from_dict(raw)


@pytest.fixture(scope="module")
def site(make_space: Callable[[str], SeedSpace]) -> Iterator[SandboxConfluence]:
    with serve(make_space("DOCS")) as served:
        yield served


def _file_path(schema: Any, path: str) -> str:
    """The same path with the file's own parameter names."""
    shape = re.sub(r"\{[^}]+\}", "{}", path)
    return next(known for known in schema.raw_schema["paths"] if re.sub(r"\{[^}]+\}", "{}", known) == shape)


@pytest.mark.parametrize(("method", "path"), _operations(), ids=lambda value: value)
def test_answers_as_the_openapi_file_says(schema: Any, site: SandboxConfluence, method: str, path: str) -> None:
    from schemathesis.specs.openapi.checks import ignored_auth

    operation = schema[_file_path(schema, path)][method]
    known = [str(row_id) for row_id in (*site.store.contents, *site.store.spaces, *site.store.comments)]
    known += [str(label_id) for label_id in site.store.labels_by_id]

    @hypothesis.settings(
        max_examples=6,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(), real=st.none() | st.sampled_from(known))
    def check(case: Any, real: str | None) -> None:
        # A made-up cursor is a 400 by contract, and made-up ids show nothing but 404.
        if case.query:
            case.query.pop("cursor", None)
        if real is not None and case.path_parameters:
            case.path_parameters = dict.fromkeys(case.path_parameters, real)
        response = case.call(base_url=f"{site.site_url}/api/v2", auth=(SYNC_EMAIL, SYNC_TOKEN))
        case.validate_response(response, excluded_checks=[ignored_auth])

    check()
