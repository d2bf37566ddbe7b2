"""How an address shows that Atlassian hosts the site."""

from __future__ import annotations

CLOUD_DOMAINS = (".atlassian.net", ".jira.com", ".atlassian-us-gov-mod.net", ".atlassian-us-gov.net")


def is_cloud_host(host: str) -> bool:
    """Whether Atlassian hosts this name (a custom domain can be Cloud too, but does not show it)."""
    return host.lower().endswith(CLOUD_DOMAINS)
