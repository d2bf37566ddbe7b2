"""``make rebuild-manifest SOURCE=…``: write a lost or damaged manifest anew from what Twig says it holds."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.cli.airflow_home import PROJECT, airflow_environment
from include.errors import PipelineError
from include.source import SOURCES_VARIABLE, load_sources

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the manifest of one source. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make rebuild-manifest", description=__doc__)
    parser.add_argument("source", help="name of the source")
    parser.add_argument("--sources", help="the sources file; default include/sources.yaml")
    options = parser.parse_args(arguments)
    if options.sources:
        os.environ[SOURCES_VARIABLE] = options.sources
    os.environ.update(airflow_environment(PROJECT / ".airflow-sync", staging=PROJECT / ".staging"))
    os.environ.setdefault("AIRFLOW__SECRETS__BACKEND", "include.airflow_settings.AirflowSettingsBackend")
    try:
        print(_rebuild(options.source))
    except (PipelineError, KeyError) as error:
        print(f"error: {error.args[0]}", file=sys.stderr)
        return 1
    return 0


def _rebuild(name: str) -> str:
    from include.staging.layout import SourceStaging, staging_root
    from include.staging.manifest import ManifestStore
    from include.twig.data_source import find_or_create
    from include.twig.hook import TwigHook
    from include.twig.rebuild import rebuild

    source = load_sources().named(name)
    if source.delivery == "files":
        return f"{name} delivers files: remove its manifest and run it again; unchanged files are written once more"
    staging = SourceStaging(staging_root(), source.name)
    with TwigHook(source.twig_conn_id).client() as client:
        data_source = find_or_create(client, source.data_source_name, staging=staging)
        rebuilt = rebuild(client, data_source, ManifestStore(staging), f"rebuild__{datetime.now(UTC):%Y-%m-%dT%H%M%S}")
    if not rebuilt.listed:
        return f"This Twig cannot list documents: the next run of {name} loads every page again, without duplicates"
    doubtful = f"; {rebuilt.incomplete:,} of them will be sent again" if rebuilt.incomplete else ""
    return f"Manifest of {name} rebuilt from {rebuilt.documents:,} documents in Twig{doubtful}"


if __name__ == "__main__":
    sys.exit(main())
