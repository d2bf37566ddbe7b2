"""Airflow provider entry point: the connection types and their forms, as data."""

from __future__ import annotations

from typing import Any

from confluence_to_twig.confluence.api.connection_form import CONNECTION_TYPE as CONFLUENCE
from confluence_to_twig.twig.connection_form import CONNECTION_TYPE as TWIG


def get_provider_info() -> dict[str, Any]:
    """What Airflow's providers manager reads from the entry point ``apache_airflow_provider``."""
    return {
        "package-name": "confluence-to-twig",
        "name": "Confluence to Twig",
        "description": "Connection types for Confluence and Twig.",
        "connection-types": [CONFLUENCE, TWIG],
    }
