"""The caller's Airflow: which connections a source has there, and where they point."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from confluence_to_twig.airflow_private import stored_connections
from confluence_to_twig.cli.inputs import InputError
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.layout import ROOT_VARIABLE

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from confluence_to_twig.confluence.api.hook import ConfluenceHook
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.twig.hook import TwigHook


@dataclass(frozen=True)
class Ends:
    """Where the connections of a source point.

    :param stored: environment variables for the connections that only the metadata database holds.
    """

    source: Source
    confluence: str
    twig: str
    stored: dict[str, str] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.source.name}: {self.source.space_label} of {self.confluence} → {self.twig}"


def look_up(source: Source) -> Ends:
    """Find the connections of a source, in Airflow's own order: secrets backend, environment, metadata database.

    :raises InputError: a connection is missing, or a field of it is wrong.
    """
    wanted = [source.confluence_conn_id, *_storage_connections(source)]
    if source.delivery == "api":
        wanted.append(source.twig_conn_id)
    stored: dict[str, str] = {}
    for conn_id in wanted:
        stored |= _stored(source, conn_id)
    return Ends(source, confluence_of(source), twig_of(source), stored)


def confluence_of(source: Source) -> str:
    """Address and connection of the source's Confluence. Raises :class:`InputError` as :func:`look_up`."""
    from confluence_to_twig.confluence.api.hook import ConfluenceHook

    hook = ConfluenceHook(source.confluence_conn_id)
    return f"{_settings(source, source.confluence_conn_id, hook).site_url} ({source.confluence_conn_id})"


def twig_of(source: Source) -> str:
    """Address and connection of the source's Twig, or where its files go. Raises :class:`InputError` as :func:`look_up`."""
    from confluence_to_twig.twig.hook import TwigHook

    if source.delivery == "files":
        return f"files in {source.files_path}"
    return f"{_settings(source, source.twig_conn_id, TwigHook(source.twig_conn_id)).base_url} ({source.twig_conn_id})"


def _settings(source: Source, conn_id: str, hook: ConfluenceHook | TwigHook) -> Any:
    _stored(source, conn_id)
    with stored_connections():
        try:
            return hook.settings()
        except PermanentError as error:
            raise InputError(f"{source.name}, connection {conn_id}: {error.summary}", error.remedy) from None


def _stored(source: Source, conn_id: str) -> dict[str, str]:
    """The connection as an environment variable if only the metadata database has it."""
    if _found(conn_id):
        return {}
    with stored_connections():
        connection = _found(conn_id)
    if connection is None:
        raise InputError(
            f"{source.name}: there is no connection {conn_id}",
            f"Add it in Airflow (Admin → Connections), or export AIRFLOW_CONN_{conn_id.upper()}.",
        )
    return {f"AIRFLOW_CONN_{conn_id.upper()}": _as_json(connection)}


def _found(conn_id: str) -> Connection | None:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None


def _as_json(connection: Connection) -> str:
    names = ("conn_type", "host", "login", "password", "schema", "port", "extra")
    return json.dumps({name: value for name in names if (value := getattr(connection, name)) is not None})


def _storage_connections(source: Source) -> list[str]:
    """Connections that the addresses of staging and of the delivered files name: ``s3://conn_id@bucket/prefix``."""
    addresses = [os.environ.get(ROOT_VARIABLE, ""), source.files_path or ""]
    return [parts.username for address in addresses if "://" in address and (parts := urlsplit(address)).username]
