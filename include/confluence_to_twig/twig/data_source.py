"""Find or create the Twig data source of a source: never two, even when two runs create at once."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from confluence_to_twig.staging.binding import Binding, read_binding, write_binding

if TYPE_CHECKING:
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource

log = logging.getLogger(__name__)


def find_or_create(
    client: TwigClient, name: str, kind: str | None = None, *, staging: SourceStaging, description: str = ""
) -> DataSource:
    """The data source of that name and type, created if it is not there, and remembered in ``<source>/twig.json``.

    When the remembered one was deleted in Twig, another takes its place, and the manifest starts empty. Call this
    before the manifest is read.

    :param kind: Twig's type of the data source; None: the type that the connection names.
    """
    kind = kind or client.settings.data_source_type
    known = _remembered(client, name, kind, staging)
    if known and (found := client.get_data_source(known.data_source_id)):
        return found
    if known:
        log.warning(
            "Data source %s (%r) is gone from Twig: every page will be loaded again", known.data_source_id, name
        )
    found = oldest(_matching(client, name, kind)) or _create(client, name, kind, description, known)
    write_binding(staging, Binding(found.id, name, kind, client.settings.base_url))
    return found


def existing(client: TwigClient, name: str) -> DataSource | None:
    """The data source of that name, whatever its type; for delivery ``files``, which does not create any."""
    return oldest([source for source in client.list_data_sources(search=name) if source.name == name])


def oldest(sources: list[DataSource]) -> DataSource | None:
    """The data source that every run uses when several have the same name: the one created first, then the smallest
    id.
    """
    return min(sources, key=lambda source: (source.created_at, source.id), default=None)


def _remembered(client: TwigClient, name: str, kind: str, staging: SourceStaging) -> Binding | None:
    binding = read_binding(staging)
    wanted = (name, kind, client.settings.base_url)
    return binding if binding and (binding.name, binding.type, binding.base_url) == wanted else None


def _matching(client: TwigClient, name: str, kind: str) -> list[DataSource]:
    found = client.list_data_sources(search=name)
    return [source for source in found if source.name == name and source.type.casefold() == kind.casefold()]


def _create(client: TwigClient, name: str, kind: str, description: str, gone: Binding | None) -> DataSource:
    # The same key in every run that creates at the same time; another one after a data source was deleted, or else
    # Twig would answer with the deleted one again.
    secret = "\n".join((client.settings.base_url, name, kind, gone.data_source_id if gone else ""))
    created = client.create_data_source(name, kind, description, hashlib.sha256(secret.encode()).hexdigest())
    found = _matching(client, name, kind)
    if not any(source.id == created.id for source in found):
        created = client.create_data_source(name, kind, description, hashlib.sha256(created.id.encode()).hexdigest())
        found = _matching(client, name, kind) or [created]
    chosen = oldest(found) or created
    if chosen.id != created.id:
        log.warning("Another run created data source %s at the same time; ours, %s, is removed", chosen.id, created.id)
        client.delete_data_source(created.id)
    else:
        log.info("Created data source %s (%r) in Twig; add it to the agents that are to use it", chosen.id, name)
    return chosen
