"""The assets of a run, and their names in OpenLineage. Imported when DAGs are parsed: nothing heavy at the top.

==========================================  =========================================================
``confluence://<connection>/<space key>``   what discover and verify read
``confluence://<space key>``                the same as the first release named it; gone after the next release
``twig://<source>``                         what a run brings into step; each finished run is an event
==========================================  =========================================================

A connection stands for a site: the address behind it is not known, and not needed, when a DAG file is parsed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from airflow.sdk import Asset

if TYPE_CHECKING:
    from urllib.parse import SplitResult

log = logging.getLogger(__name__)


def space_asset(*, conn_id: str, space_key: str, **fields: Any) -> Asset:
    """A Confluence space, as a connection sees it."""
    uri = f"confluence://{quote(conn_id, safe='')}/{quote(space_key, safe='~')}"
    return Asset(uri=uri, group="confluence", **fields)


def former_space_asset(space_key: str) -> Asset:
    """A Confluence space as the first release named it. The new name says which site it is of."""
    return Asset(uri=f"confluence://{quote(space_key, safe='~')}", group="confluence")


def twig_asset(*, source: str, **fields: Any) -> Asset:
    """What Twig holds for a source."""
    return Asset(uri=f"twig://{source}", group="twig", **fields)


def changes_asset(*, source: str, **fields: Any) -> Asset:
    """Changes in Confluence that a source waits for. Its own: an event starts every DAG that is scheduled on the asset."""
    return Asset(
        name=f"confluence-changes-{source}", uri=f"confluence-changes://{source}", group="confluence", **fields
    )


def check_space_uri(parts: SplitResult) -> SplitResult:
    """Airflow's handler for the scheme ``confluence``. Raises ``ValueError`` when nothing is named.

    A space key alone is the name of the first release.
    """
    if not parts.netloc:
        raise ValueError("write confluence://<connection>/<space key>")
    return parts


def check_twig_uri(parts: SplitResult) -> SplitResult:
    """Airflow's handler for the scheme ``twig``. Raises ``ValueError`` when the source is missing."""
    if not parts.netloc:
        raise ValueError("write twig://<source>")
    return parts


def space_to_openlineage(asset: Asset, lineage_context: Any) -> Any:
    """A space as OpenLineage dataset: namespace ``confluence://<host>``, name the space key.

    OpenLineage names a dataset by the system that holds it, so the connection is looked up
    (https://openlineage.io/docs/spec/naming). Where it cannot be, its id stands for the host. None for the name of the
    first release: it tells no site, and the graph has the space already.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset

    parts = urlsplit(asset.uri)
    if not parts.path.strip("/"):
        return None
    host = host_of(unquote(parts.netloc))
    return Dataset(namespace=f"confluence://{host}", name=unquote(parts.path.strip("/")))


def twig_to_openlineage(asset: Asset, lineage_context: Any) -> Any:
    """What Twig holds for a source, as OpenLineage dataset: namespace ``twig``, name the source."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    return Dataset(namespace="twig", name=urlsplit(asset.uri).netloc)


def host_of(conn_id: str) -> str:
    """The host of a connection's site; where the connection is not known, its id."""
    from airflow.sdk import BaseHook

    try:
        host = BaseHook.get_connection(conn_id).host or ""
    except Exception as error:
        log.info("OpenLineage: connection %s could not be looked up: %s", conn_id, type(error).__name__)
        return conn_id
    return urlsplit(host if "://" in host else f"https://{host}").netloc.rpartition("@")[2] or conn_id
