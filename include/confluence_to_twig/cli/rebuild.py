"""``make rebuild-manifest SOURCE=…``: write a lost or damaged manifest anew from what Twig says it holds.

With ``--start-over`` the data source is removed from Twig with everything in it: to load it anew, or to be rid of it.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError, PipelineError
from confluence_to_twig.sources.source import SOURCES_VARIABLE, load_sources
from sandbox.airflow_home import PROJECT, airflow_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the manifest of one source. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make rebuild-manifest", description=__doc__)
    parser.add_argument("source", help="name of the source")
    parser.add_argument("--sources", help="the sources file; default include/sources.yaml")
    parser.add_argument(
        "--start-over", action="store_true", help="remove the data source from Twig instead, and forget it"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before that")
    options = parser.parse_args(arguments)
    if options.sources:
        os.environ[SOURCES_VARIABLE] = options.sources
    os.environ.update(airflow_environment(PROJECT / ".airflow-sync", staging=PROJECT / ".staging"))
    os.environ.setdefault("AIRFLOW__SECRETS__BACKEND", "sandbox.airflow_settings.AirflowSettingsBackend")
    try:
        print(_start_over(options.source, options.yes) if options.start_over else _rebuild(options.source))
    except (PipelineError, KeyError) as error:
        print(f"error: {error.args[0]}", file=sys.stderr)
        return 1
    return 0


def _rebuild(name: str) -> str:
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.twig.data_source import find_or_create
    from confluence_to_twig.twig.hook import TwigHook
    from confluence_to_twig.twig.rebuild import rebuild

    source, staging = _source(name)
    with TwigHook(source.twig_conn_id).client() as client:
        data_source = find_or_create(client, source.data_source_name, staging=staging)
        rebuilt = rebuild(client, data_source, ManifestStore(staging), _run_id("rebuild"))
    if not rebuilt.listed:
        return f"This Twig cannot list documents: the next run of {name} loads every page again, without duplicates"
    doubtful = f"; {rebuilt.incomplete:,} of them will be sent again" if rebuilt.incomplete else ""
    return f"Manifest of {name} rebuilt from {rebuilt.documents:,} documents in Twig{doubtful}"


def _start_over(name: str, sure: bool) -> str:
    from confluence_to_twig.staging.binding import read_binding
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.hook import TwigHook
    from confluence_to_twig.twig.rebuild import start_over

    source, staging = _source(name)
    with TwigHook(source.twig_conn_id).client() as client:
        binding = read_binding(staging)
        if binding is None or binding.base_url != client.settings.base_url:
            raise PermanentError(f"No run of {name} has found or created a data source in {client.settings.base_url}")
        manifest, identity = ManifestStore(staging), binding.data_source_id
        if not sure and input(f"Remove {identity} and {manifest.read().num_rows:,} pages from Twig? [y/N] ") != "y":
            return "Nothing was removed"
        removed = start_over(
            client,
            identity,
            manifest,
            DeletionLog(staging),
            _run_id("start_over"),
            f"{getpass.getuser()} (command line)",
        )
    return f"Removed {identity} with {removed:,} pages; the next run of {name} loads the space into a new data source"


def _source(name: str) -> tuple[Source, SourceStaging]:
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    source = load_sources().named(name)
    if source.delivery == "files":
        raise PermanentError(
            f"{name} delivers files: remove {source.files_path}/{name}/ and {name}/manifest* and twig.json in staging, "
            "and run it again"
        )
    return source, SourceStaging(staging_root(), source.name)


def _run_id(what: str) -> str:
    return f"{what}__{datetime.now(UTC):%Y-%m-%dT%H%M%S}"


if __name__ == "__main__":
    sys.exit(main())
