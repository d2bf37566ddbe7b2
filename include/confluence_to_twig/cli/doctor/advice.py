"""What follows from the findings: settings to paste, and what a person has to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.cli.doctor.findings import Estimate, Finding
    from confluence_to_twig.cli.doctor.twig_side import Offered
    from confluence_to_twig.sources.source import Source

#: Chunks of a first run from which on shards of their own workers pay.
_LARGE = 20_000


def settings_for(source: Source, offered: Offered | None, estimated: Estimate | None) -> dict[str, Any]:
    """Fields of the source's entry."""
    settings: dict[str, Any] = {"name": source.name}
    settings |= {"space_key": source.space_key} if source.space_key else {"spaces": list(source.spaces)}
    if offered is not None and offered.documents is False:
        return settings | {"delivery": "files", "files_path": "<a folder or bucket>", "files_format": "docx"}
    settings["delivery"] = source.delivery
    if source.delivery == "files":
        settings |= {"files_path": source.files_path, "files_format": source.files_format or "docx"}
        settings["files_limit"] = source.files_limit
    if estimated is not None and estimated.pages > _LARGE:
        settings["max_active_shards"] = source.max_active_shards
    return settings


def by_hand(source: Source, findings: Sequence[Finding]) -> list[str]:
    """What no program can do."""
    steps = [f"{finding.side}: {finding.what}: {finding.found}." for finding in findings if finding.state == "missing"]
    if source.delivery == "files":
        steps.append(
            f"Create the data source of a drive connector in Twig that reads {source.files_path}/{source.name}/documents, or "
            "upload the files (docs/file-delivery.md)."
        )
    else:
        steps.append(
            f"After the first run add the data source {source.data_source_name!r} to the agents that are to use it."
        )
    steps.append(f"Unpause the DAG {source.dag_id}.")
    return steps
