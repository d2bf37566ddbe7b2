"""``confluence-to-twig audiences``: the data sources of each source, who may read what is in them, and what to set up in Twig."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confluence_to_twig.airflow_private import stored_connections
from confluence_to_twig.cli.inputs import named, read_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.tasks.targets import Target

_HEAD = (
    "Data source",
    "Pages",
    "Who may read them in Confluence",
    "Group to create in Twig",
    "Agent to create in Twig",
)
_NOTE = (
    "Somebody has to be in every line of the third column. Membership is Confluence's and is not copied: keep the groups in "
    "Twig in step by hand, or by your identity provider."
)


def audiences(shown: Terminal, sources_path: str | None, names: Sequence[str], *, as_json: bool) -> int:
    """Print what the last runs left: nothing is asked of Confluence or Twig."""
    sources = named(read_sources(sources_path), names)
    with stored_connections():
        found = {source.name: _of_source(source) for source in sources}
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False), file=shown.out)
        return 0
    for name, entries in found.items():
        shown.say(f"## {name}\n\n{markdown(entries)}\n")
    shown.say(_NOTE)
    return 0


def _of_source(source: Source) -> list[dict[str, Any]]:
    from confluence_to_twig.staging.audience_book import read_audience_book
    from confluence_to_twig.staging.layout import SourceStaging, staging_root
    from confluence_to_twig.tasks.targets import targets_in

    staging = SourceStaging(staging_root(), source.name)
    names = read_audience_book(staging).names
    return [_entry(target, names) for target in targets_in(source, staging)]


def _entry(target: Target, names: dict[str, str]) -> dict[str, Any]:
    from confluence_to_twig.planning.audience import Audience, described
    from confluence_to_twig.staging.audience_book import read_audience_book
    from confluence_to_twig.staging.binding import read_binding
    from confluence_to_twig.staging.manifest_reader import ManifestReader

    binding, book = read_binding(target.staging), read_audience_book(target.staging)
    levels = book.entries[target.key].levels if target.key else []
    return {
        "data_source": target.name,
        "data_source_id": binding.data_source_id if binding else None,
        "audience": target.key,
        "pages": ManifestReader(target.staging, ["page_id"]).read().num_rows,
        "levels": [
            {kind: [{"id": key, "name": names.get(key, key)} for key in level[kind]] for kind in ("groups", "users")}
            for level in levels
        ],
        "readers": described(Audience.from_rows(levels), names),
        "twig_group": target.name if levels else None,
        "twig_agent": {
            "name": target.name,
            "visibility": "group" if levels else "organization",
            "data_sources": [target.name],
        },
    }


def markdown(entries: Sequence[dict[str, Any]]) -> str:
    """The table, as Markdown."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, entries)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    group = entry["twig_group"]
    agent = f"for the group {_cell(group)} only" if group else "for everybody"
    return (
        _cell(entry["data_source"]),
        f"{entry['pages']:,}",
        "<br>".join(map(_cell, entry["readers"])),
        _cell(group or "none"),
        f"one with the data source {_cell(entry['data_source'])}, {agent}",
    )


def _cell(text: str) -> str:
    """Names come from Confluence: none of them may become a column, a link or markup."""
    text = " ".join(text.split())
    for character in "\\|[]<>`*_":
        text = text.replace(character, f"\\{character}")
    return text
