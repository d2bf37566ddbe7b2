"""``confluence-to-twig rebuild-manifest`` and ``start-over``: a source's manifest anew, or all of it out of Twig."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.airflow_private import stored_connections
from confluence_to_twig.cli.inputs import InputError, one_source
from confluence_to_twig.errors import PermanentError

if TYPE_CHECKING:
    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging


def rebuild_manifest(shown: Terminal, sources_path: str | None, name: str) -> int:
    """Write the manifest of a source anew from what Twig says it holds."""
    source = _delivered_by_api(sources_path, name)
    staging = _introduce(source, shown)
    with stored_connections():
        shown.say(_rebuild(source, staging))
    return 0


def start_over(shown: Terminal, sources_path: str | None, name: str, *, sure: bool) -> int:
    """Remove the data source of a source from Twig, with everything in it; asks before, unless ``sure``."""
    source = _delivered_by_api(sources_path, name)
    staging = _introduce(source, shown)
    with stored_connections():
        shown.say(_remove(source, staging, sure, shown))
    return 0


def _delivered_by_api(sources_path: str | None, name: str) -> Source:
    source = one_source(sources_path, name)
    if source.delivery == "files":
        raise InputError(
            f"{name} delivers files",
            f"Remove {source.files_path}/{name}/, and {name}/manifest*, {name}/bundles/ and {name}/twig.json in staging; then run it again.",
        )
    return source


def _introduce(source: Source, shown: Terminal) -> SourceStaging:
    """Say where the connection points, before anything happens there."""
    from confluence_to_twig.cli.caller import twig_of
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    shown.say(f"{source.name}: {source.space_label} in {twig_of(source)}")
    return SourceStaging(staging_root(), source.name)


def _rebuild(source: Source, staging: SourceStaging) -> str:
    from confluence_to_twig.tasks.targets import targets_in
    from confluence_to_twig.tasks.twig_target import data_source_of
    from confluence_to_twig.twig.hook import TwigHook
    from confluence_to_twig.twig.rebuild import rebuild

    with TwigHook(source.twig_conn_id).client() as client:
        rebuilt = [
            rebuild(client, data_source_of(target, client), target.manifest, _run_id("rebuild"))
            for target in targets_in(source, staging)
        ]
    if not all(one.listed for one in rebuilt):
        return (
            f"This Twig cannot list documents: the next run of {source.name} loads every page again, without duplicates"
        )
    documents, incomplete = sum(one.documents for one in rebuilt), sum(one.incomplete for one in rebuilt)
    doubtful = f"; {incomplete:,} of them will be sent again" if incomplete else ""
    return f"Manifest of {source.name} rebuilt from {documents:,} documents in Twig{doubtful}"


def _remove(source: Source, staging: SourceStaging, sure: bool, shown: Terminal) -> str:
    from confluence_to_twig.staging.binding import read_binding
    from confluence_to_twig.staging.files import remove
    from confluence_to_twig.tasks.targets import targets_in
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.hook import TwigHook
    from confluence_to_twig.twig.rebuild import start_over

    with TwigHook(source.twig_conn_id).client() as client:
        url = client.settings.base_url
        bound = [(target, read_binding(target.staging)) for target in targets_in(source, staging)]
        held = {binding.data_source_id: target for target, binding in bound if binding and binding.base_url == url}
        if not held:
            raise PermanentError(
                f"No run of {source.name} has found or created a data source in {client.settings.base_url}",
                "There is nothing to remove. If that address is wrong, change the connection.",
            )
        identities, pages = ", ".join(held), sum(target.manifest.read().num_rows for target in held.values())
        question = f"Remove {identities} and {pages:,} pages from Twig? [y/N] "
        if not sure and not _agreed(question, shown):
            return "Nothing was removed"
        by, run_id = f"{getpass.getuser()} (command line)", _run_id("start_over")
        # The audit has one file for each data source.
        removed = sum(
            start_over(client, identity, target.manifest, DeletionLog(staging), f"{run_id}{target.key}", by)
            for identity, target in held.items()
        )
        remove(staging.audience_book)
    return f"Removed {identities} with {removed:,} pages; the next run of {source.name} loads the space into a new data source"


def _agreed(question: str, shown: Terminal) -> bool:
    print(question, end="", file=shown.out, flush=True)
    answer = sys.stdin.readline() if sys.stdin else ""
    if not answer:
        shown.say("")
        raise InputError(
            "Nobody is there to answer, so nothing was removed", "Give --yes to remove it without a question."
        )
    return answer.strip().lower() in {"y", "yes"}


def _run_id(what: str) -> str:
    return f"{what}__{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
