"""Airflow provider entry point: what the package adds to an Airflow, as data.

The keys are those of ``airflow/provider_info.schema.json``. The key ``plugins`` is left out on purpose: it is a second
route to a plugin that the entry point ``airflow.plugins`` gives already, and the two collide.
"""

from __future__ import annotations

from typing import Any

from confluence_to_twig.confluence.api.connection_form import CONNECTION_TYPE as CONFLUENCE
from confluence_to_twig.twig.connection_form import CONNECTION_TYPE as TWIG

_CONFLUENCE, _TWIG = "Confluence", "Twig"


def get_provider_info() -> dict[str, Any]:
    """What Airflow's providers manager reads from the entry point ``apache_airflow_provider``."""
    return {
        "package-name": "confluence-to-twig",
        "name": "Confluence to Twig",
        "description": "Keeps data sources of the Twig RAG platform in step with Confluence.",
        "integrations": [
            {
                "integration-name": _CONFLUENCE,
                "external-doc-url": "https://developer.atlassian.com/cloud/confluence/rest/v2/intro/",
                "tags": ["service"],
            },
            {
                "integration-name": _TWIG,
                "external-doc-url": "https://help.twig.so/product/developer-api/overview",
                "tags": ["service"],
            },
        ],
        "connection-types": [CONFLUENCE, TWIG],
        "hooks": [
            {"integration-name": _CONFLUENCE, "python-modules": ["confluence_to_twig.confluence.api.hook"]},
            {"integration-name": _TWIG, "python-modules": ["confluence_to_twig.twig.hook"]},
        ],
        "operators": [
            {"integration-name": _CONFLUENCE, "python-modules": ["confluence_to_twig.tasks.operators"]},
            {
                "integration-name": _TWIG,
                "python-modules": [
                    "confluence_to_twig.tasks.load",
                    "confluence_to_twig.tasks.prune",
                    "confluence_to_twig.tasks.verify",
                ],
            },
        ],
        "triggers": [
            {"integration-name": _TWIG, "python-modules": ["confluence_to_twig.tasks.processing_trigger"]},
        ],
        "extra-links": ["confluence_to_twig.runs.links.TwigLink", "confluence_to_twig.runs.links.SpaceLink"],
        "notifications": [
            "confluence_to_twig.alerts.notify.RunFailed",
            "confluence_to_twig.alerts.notify.RunSucceeded",
            "confluence_to_twig.alerts.notify.ApprovalNeeded",
        ],
        "asset-uris": [
            {
                "schemes": ["confluence"],
                "handler": "confluence_to_twig.runs.assets.check_space_uri",
                "factory": "confluence_to_twig.runs.assets.space_asset",
                "to_openlineage_converter": "confluence_to_twig.runs.assets.space_to_openlineage",
            },
            {
                "schemes": ["twig"],
                "handler": "confluence_to_twig.runs.assets.check_twig_uri",
                "factory": "confluence_to_twig.runs.assets.twig_asset",
                "to_openlineage_converter": "confluence_to_twig.runs.assets.twig_to_openlineage",
            },
        ],
        "config": {
            "confluence_to_twig": {
                "description": "Where Confluence → Twig finds its sources and keeps its files.",
                "options": {
                    "sources": {
                        "description": "The sources file: a path, an object-storage URL, or variable://name. "
                        "The environment variable CONFLUENCE_TWIG_SOURCES wins over it.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://aws_default@bucket/sources.yaml",
                        "default": None,
                    },
                    "staging": {
                        "description": "Where tasks hand data on: a path or an object-storage URL that every worker "
                        "and the API server can reach. The environment variable CONFLUENCE_TWIG_STAGING wins over it.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://aws_default@bucket/staging",
                        "default": None,
                    },
                    "staging_group": {
                        "description": "Whether the group of local staging folders may read and write in them, too. "
                        "The environment variable CONFLUENCE_TWIG_STAGING_GROUP wins over it.",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": None,
                        "default": "False",
                    },
                },
            },
        },
    }
