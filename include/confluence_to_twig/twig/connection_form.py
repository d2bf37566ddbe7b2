"""The form of the connection type ``twig``, as data for Airflow's provider info."""

from __future__ import annotations

from typing import Any


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def _number(label: str, description: str, default: float) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["number", "null"], "default": default}}


#: One entry of ``connection-types`` in the provider info. Fields below ``conn-fields`` are kept in the extra.
CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "twig",
    "hook-class-name": "confluence_to_twig.twig.hook.TwigHook",
    "hook-name": "Twig",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port", "login"],
        "relabeling": {"host": "API address", "password": "API key"},
        "placeholders": {"host": "https://api.twig.so", "password": "twigsk_live_…"},
    },
    "conn-fields": {
        "org_id": _text(
            "Organisation id",
            "Needed to search Twig when a run is verified. Without it runs are verified by counts only.",
        ),
        "agent_id": _text(
            "Agent id",
            "The playground asks this agent for an answer. Everybody who may trigger a DAG with this connection can read what it answers.",
        ),
        "data_source_type": _text(
            "Type of new data sources",
            "FILE has no connector of its own, so that Twig does not fetch the space a second time.",
            default="FILE",
        ),
        "batch_mb": _number("Batch size (MB)", "Size of one write after compression, at most 10.", 4),
        "writes_per_minute": _number(
            "Writes a minute", "Used only while Twig's answers carry no X-RateLimit headers.", 10
        ),
        "paths": _text(
            "Paths",
            'Routes that differ at your Twig, as JSON: {"search": "/v1/semantic-search"}. '
            "Names: see docs/twig-api-contract.md.",
        ),
        "ca_bundle": _text("CA bundle", "Path of a certificate file, when a proxy re-signs TLS."),
    },
}
