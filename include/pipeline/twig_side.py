"""The Twig data source of a run's source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.twig.data_source import find_or_create

if TYPE_CHECKING:
    from include.pipeline.run import Run
    from include.twig.client import TwigClient
    from include.twig.models import DataSource


def data_source_of(run: Run, client: TwigClient) -> DataSource:
    """Find the data source, or create it. The manifest belongs to it, so ask before the manifest is read."""
    return find_or_create(
        client,
        run.source.data_source_name,
        staging=run.source_staging,
        description=f"Confluence space {run.source.space_key}",
    )
