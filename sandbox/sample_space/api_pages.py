"""REST API endpoints → a page per resource and a page per endpoint below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.device_pages import slug
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://api.kelvane.example"
_COLOURS = {"GET": "blue", "POST": "green", "PUT": "yellow", "PATCH": "yellow", "DELETE": "red"}
_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 207: "Multi-Status"}


def api_pages() -> Iterator[PageSource]:
    """A page for each resource and each endpoint of ``data/api.yaml``."""
    for order, resource in enumerate(read_data("api")["resources"], start=50):
        endpoints = resource["endpoints"]
        yield PageSource(
            ref=resource["ref"],
            title=resource["title"],
            parent="api",
            order=order,
            labels=("api", "reference"),
            body=_resource(resource["intro"], endpoints),
        )
        for position, endpoint in enumerate(endpoints):
            yield PageSource(
                ref=f"api-{slug(endpoint['title'])}",
                title=endpoint["title"],
                parent=resource["ref"],
                order=position,
                labels=("api", "reference"),
                body=_endpoint(endpoint),
            )


def _resource(intro: str, endpoints: list[dict[str, Any]]) -> str:
    rows = [f"| {item['method']} | `{item['path']}` | [[{item['title']}]] | `{item['scope']}` |" for item in endpoints]
    return "\n".join([intro, "", "| Method | Path | Page | Scope |", "|---|---|---|---|", *rows])


def _endpoint(item: dict[str, Any]) -> str:
    method = item["method"]
    parts = [
        f"{{status:{_COLOURS[method]}|{method}}} `{item['path']}`",
        item["text"],
        f"Scope: `{item['scope']}`. See [[API authentication]].",
    ]
    if item.get("query"):
        rows = "\n".join(f"| `{name}` | {kind} | {default} | {text} |" for name, kind, default, text in item["query"])
        parts.append(f"## Query parameters\n\n| Name | Type | Default | Meaning |\n|---|---|---|---|\n{rows}")
    if "fields" in item:
        parts.append(_fields(item))
    parts.append(f"## Request\n\n```{'http' if 'body' in item else 'bash'}\n{_request(item)}\n```")
    if "response" in item:
        status = item.get("status", 200)
        body = item["response"].rstrip()
        parts.append(f"## Response\n\nStatus {status} {_REASONS[status]}\n\n```json\n{body}\n```")
    elif "status" in item:
        parts.append(f"A request that succeeds is answered with **{item['status']} {_REASONS[item['status']]}**.")
    if "returns" in item:
        rows = "\n".join(f"| `{name}` | {kind} | {', '.join(words)} |" for name, kind, *words in item["returns"])
        parts.append(f"### Fields of the answer\n\n| Field | Type | Meaning |\n|---|---|---|\n{rows}")
    if "errors" in item:
        rows = "\n".join(f"| {status} | `{code}` | {reason} |" for status, code, reason in item["errors"])
        parts.append(f"## Errors\n\n| Status | Code | When |\n|---|---|---|\n{rows}")
    if "python" in item:
        parts.append(f"## With the SDK\n\n```python\n{item['python'].rstrip()}\n```")
    if "more" in item:
        heading = "" if "## " in item["more"] else "## Good to know\n\n"
        parts.append(heading + item["more"].rstrip())
    if "notes" in item:
        parts.append(f":::info\n{item['notes']}\n:::")
    return "\n\n".join(parts)


def _fields(item: dict[str, Any]) -> str:
    head = item.get("fields_head", ["Field", "Required", "Rule"])
    rows = "\n".join(f"| `{row[0]}` | {' | '.join(row[1:])} |" for row in item["fields"])
    return f"## Body\n\n| {' | '.join(head)} |\n{'|---' * len(head)}|\n{rows}"


def _request(item: dict[str, Any]) -> str:
    if "body" not in item:
        flag = "" if item["method"] == "GET" else f" -X {item['method']}"
        return f'curl{flag} -H "Authorization: Bearer $KEL_TOKEN" \\\n  "{BASE}{item["path"]}{item.get("example", "")}"'
    return (
        f"{item['method']} {item['path']} HTTP/1.1\nHost: api.kelvane.example\nAuthorization: Bearer ksvc_…\n"
        f"Content-Type: application/json\n\n{item['body'].rstrip()}"
    )
