"""Read Astro's ``airflow_settings.yaml`` without the Astro CLI.

Schema: ``settings/types.go`` of the Astro CLI. Entries with an empty id are skipped, as there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEFAULT = Path(__file__).resolve().parents[1] / "airflow_settings.yaml"
_FIELDS = {
    "conn_type": "conn_type",
    "conn_host": "host",
    "conn_schema": "schema",
    "conn_login": "login",
    "conn_password": "password",
    "conn_port": "port",
    "conn_extra": "extra",
}


@dataclass(frozen=True)
class AirflowSettings:
    """Connections (fields by id), variables and pools of the file."""

    connections: dict[str, dict[str, Any]]
    variables: dict[str, str]
    pools: dict[str, dict[str, Any]]


@cache
def read_settings(path: Path = DEFAULT) -> AirflowSettings:
    """Read the file; a missing file is an empty one. Raises ``yaml.YAMLError`` when it is not YAML."""
    raw: dict[str, Any] = {}
    if path.exists():
        raw = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("airflow") or {}
    return AirflowSettings(
        connections={c["conn_id"]: _connection(c) for c in raw.get("connections") or [] if c.get("conn_id")},
        variables={
            v["variable_name"]: str(v["variable_value"])
            for v in raw.get("variables") or []
            if v.get("variable_name") and v.get("variable_value") is not None
        },
        pools={
            p["pool_name"]: {"slots": int(p["pool_slot"]), "description": p.get("pool_description") or ""}
            for p in raw.get("pools") or []
            if p.get("pool_name") and p.get("pool_slot") is not None
        },
    )


def _connection(entry: dict[str, Any]) -> dict[str, Any]:
    if entry.get("conn_uri"):
        return {"uri": entry["conn_uri"]}
    fields = {name: entry[key] for key, name in _FIELDS.items() if entry.get(key) not in (None, "", {})}
    if isinstance(fields.get("extra"), str):
        fields["extra"] = json.loads(fields["extra"])
    return fields
