"""Add a source: which spaces a connection sees, and the lines to paste into the sources file. Writes nothing anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from airflow.sdk.exceptions import AirflowNotFoundException
from pydantic import ValidationError

from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.api.interface import SPACES_FOR_A_HINT
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.planning.spaces import chosen_spaces
from confluence_to_twig.sources.mistakes import explain
from confluence_to_twig.sources.source import Source, load_sources
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from confluence_to_twig.web.trouble import last_look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space


def _connected(conn_id: str) -> AbstractContextManager[ConfluenceClient]:
    try:
        return ConfluenceHook(conn_id).client()
    except AirflowNotFoundException:
        raise PermanentError(
            f"There is no connection {conn_id}, or the API server cannot see it",
            "Create it under Admin → Connections, or give the API server the environment or secrets backend it is in. "
            "Runs are not concerned: workers may see other connections than the API server does.",
        ) from None


def visible_spaces(conn_id: str) -> dict[str, Any]:
    """The spaces that the account of a connection sees.

    :returns: ``spaces``: key, name, type, status, and ``sources``: those that sync it already through this connection;
        ``all``: there are no more than these.
    :raises PipelineError: there is no such connection, or Confluence refuses it.
    """
    with _connected(conn_id) as client:
        found = client.api.visible_spaces()
    sources = [source for source in load_sources().sources if source.confluence_conn_id == conn_id]
    rows = [
        {
            "key": space.alias or space.key,
            "name": space.name,
            "type": space.type,
            "status": space.status,
            "sources": [source.name for source in sources if _takes(source, space)],
        }
        for space in sorted(found, key=lambda space: space.name.casefold())
    ]
    return {"spaces": rows, "all": len(found) < SPACES_FOR_A_HINT}


def _takes(source: Source, space: Space) -> bool:
    archived = source.archived_spaces == "include"
    return bool(chosen_spaces(source.spaces or (source.space_key,), [space], archived=archived)[0])


def checked(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the sources file, checked against the model, the other sources and Confluence.

    :returns: ``problems`` (why it cannot be used), ``space`` and ``count`` (as Confluence tells; null with problems),
        ``snippet`` (YAML to paste), and ``doctor``: what the doctor found when it looked at this source last.
    :raises PipelineError: there is no such connection, Confluence refuses it, or there is no such space.
    """
    try:
        source = Source.model_validate(entry)
    except ValidationError as error:
        problems = [explain(Source, detail) for detail in error.errors(include_url=False)]
        return {"problems": problems, "space": None, "count": None, "snippet": "", "doctor": None}
    if not source.space_key:
        one = "space_key: choose one space here; the docs tell under Configuration how a source takes several"
        return {"problems": [one], "space": None, "count": None, "snippet": "", "doctor": None}
    with _connected(source.confluence_conn_id) as client:
        space = client.space(source.space_key)
        count = client.count(space, source.content)
    return {
        "problems": list(_taken(source)),
        "space": {"key": space.key, "name": space.name, "url": space.url},
        "count": str(count),
        "snippet": snippet(entry),
        "doctor": last_look(SourceStaging(staging_root(), source.name)),
    }


def _taken(source: Source) -> Iterator[str]:
    for other in load_sources().sources:
        if other.name == source.name:
            yield f"There is a source named {source.name} already: choose another name"
        elif (other.twig_conn_id, other.data_source_name) == (source.twig_conn_id, source.data_source_name):
            yield f"{source.data_source_name} is the Twig data source of {other.name} already: choose another name"


def snippet(entry: dict[str, Any]) -> str:
    """The entry as YAML, without what is the default anyway, in the order of the model.

    :param entry: it can be used.
    """
    source = Source.model_validate(entry)
    fields = Source.model_fields.items()
    told = {name: entry[name] for name, field in fields if name in entry and getattr(source, name) != field.default}
    lines: str = yaml.safe_dump([told], sort_keys=False, allow_unicode=True)
    return lines


def entry_of(name: str, space_key: str, confluence_conn_id: str, twig_conn_id: str, more: str) -> dict[str, Any]:
    """An entry out of what somebody typed.

    :param more: further fields, as YAML.
    :raises PermanentError: ``more`` is not YAML, or no fields.
    """
    try:
        fields = yaml.safe_load(more) or {}
    except yaml.YAMLError:
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(key, str) for key in fields):
        raise PermanentError("The further fields are not YAML", "Write one a line, such as `exclude_labels: [draft]`.")
    filled = {"space_key": space_key, "confluence_conn_id": confluence_conn_id, "twig_conn_id": twig_conn_id}
    return {"name": name} | {key: value for key, value in filled.items() if value} | fields
