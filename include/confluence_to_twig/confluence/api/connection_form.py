"""The form of the connection type ``confluence`` in the Airflow UI, as data for the provider's entry point."""

from __future__ import annotations

from typing import Any

_TEXT = ["string", "null"]

#: One entry of ``connection-types`` in ``get_provider_info()``.
CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "confluence",
    "hook-class-name": "confluence_to_twig.confluence.api.hook.ConfluenceHook",
    "hook-name": "Confluence",
    "conn-fields": {
        "space_key": {
            "label": "Space key",
            "description": "For the Test button: the space whose pages it counts, such as PROD. Case-sensitive.",
            "schema": {"type": _TEXT},
        },
        "token_expires_on": {
            "label": "Token expires on",
            "description": "Tokens of Cloud last a year at most, those of Data Center as long as their creator chose. Runs warn from 14 days before this date.",
            "schema": {"type": _TEXT, "format": "date"},
        },
        "deployment": {
            "label": "Deployment",
            "description": "auto finds it out; datacenter and cloud save a question. On Data Center the API token is a personal access "
            "token, and the e-mail stays empty.",
            "schema": {"type": "string", "enum": ["auto", "cloud", "datacenter"], "default": "auto"},
        },
        "client_id": {
            "label": "Client ID",
            "description": "Of an OAuth 2.0 credential of a service account; e-mail and API token stay empty then.",
            "schema": {"type": _TEXT},
        },
        "client_secret": {
            "label": "Client secret",
            "description": "What belongs to the client id. Access tokens are fetched with both, and renewed in time.",
            "schema": {"type": _TEXT, "format": "password"},
        },
        "gateway_url": {
            "label": "Gateway",
            "description": "Where tokens with scopes and OAuth 2.0 are accepted. Leave empty for https://api.atlassian.com.",
            "schema": {"type": _TEXT},
        },
        "token_url": {
            "label": "Token address",
            "description": "Where access tokens for a client id come from. Leave empty for https://auth.atlassian.com/oauth/token, "
            "or /rest/oauth2/latest/token of a Data Center.",
            "schema": {"type": _TEXT},
        },
        "base_url": {
            "label": "Base URL",
            "description": "Where readers find the site, when that is not the domain above: addresses of citations begin with "
            "it. Requests go to the domain.",
            "schema": {"type": _TEXT},
        },
        "requests_per_second": {
            "label": "Requests a second",
            "description": "At most so many for all tasks together. Leave empty for as many as Confluence admits; others grant "
            "themselves 20.",
            "schema": {"type": ["number", "null"]},
        },
        "pool_slots": {
            "label": "Slots of the pool",
            "description": "How many tasks share the requests a second: the slots of the sources' confluence_pool. Each task takes "
            "its part.",
            "schema": {"type": ["number", "null"], "default": 1},
        },
        "verify": {
            "label": "Verify TLS",
            "description": "true, or the path of a CA bundle on the workers; false turns the check off.",
            "schema": {"type": _TEXT, "default": "true"},
        },
    },
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port"],
        "relabeling": {"host": "Domain", "login": "E-mail", "password": "API token"},
        "placeholders": {
            "host": "yourcompany.atlassian.net",
            "login": "you@yourcompany.com",
            "password": "Cloud: API token from id.atlassian.com, Security. Data Center: personal access token",
        },
    },
}
