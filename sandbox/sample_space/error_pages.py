"""Error codes → one page per code under one page per thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLOURS = {"alarm": "red", "error": "red", "warning": "yellow", "info": "blue"}


def error_pages() -> Iterator[PageSource]:
    """A page for each group and each code of ``data/errors.yaml``."""
    data = read_data("errors")
    for digit, group in data["groups"].items():
        codes = [entry for entry in data["codes"] if entry["code"] // 1000 == digit]
        yield PageSource(
            ref=f"errors-{digit}xxx",
            title=group["title"],
            parent="troubleshooting",
            order=200 + digit,
            labels=("troubleshooting", "reference"),
            body=_group(group["intro"], codes),
        )
        for entry in codes:
            yield PageSource(
                ref=f"kel-{entry['code']}",
                title=f"KEL-{entry['code']}: {entry['title']}",
                parent=f"errors-{digit}xxx",
                order=entry["code"],
                labels=("troubleshooting", "reference"),
                body=_code(entry),
            )


def _group(intro: str, codes: list[dict[str, Any]]) -> str:
    rows = [
        f"| [[KEL-{entry['code']}: {entry['title']}|KEL-{entry['code']}]] | {entry['title']} | {entry['severity']} |"
        for entry in codes
    ]
    return "\n".join([intro, "", "| Code | Title | Severity |", "|---|---|---|", *rows])


def _code(entry: dict[str, Any]) -> str:
    severity = entry["severity"]
    http = f" · HTTP status **{entry['http']}**" if "http" in entry else ""
    parts = [f"{{status:{_COLOURS[severity]}|{severity.upper()}}}{http}", entry["meaning"]]
    if "log" in entry:
        heading = "What the answer looks like" if "http" in entry else "In the journal"
        language = "json" if entry["log"].lstrip().startswith("{") else ""
        parts.append(f"## {heading}\n\n```{language}\n{entry['log'].rstrip()}\n```")
    if "causes" in entry:
        rows = "\n".join(f"| {' | '.join(cause)} |" for cause in entry["causes"])
        parts.append(f"## Causes\n\n| Cause | How to tell | Remedy |\n|---|---|---|\n{rows}")
    if "facts" in entry:
        head = entry["facts_head"]
        rows = "\n".join(f"| {' | '.join(row)} |" for row in entry["facts"])
        parts.append(f"## Values\n\n{{table header-column}}\n| {' | '.join(head)} |\n{'|---' * len(head)}|\n{rows}")
    if "steps" in entry:
        parts.append(
            "## What to do\n\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(entry["steps"], 1))
        )
    if "extra" in entry:
        parts.append(("## Details\n\n" if len(entry["extra"]) > 300 else "") + entry["extra"].rstrip())
    if "more" in entry:
        parts.append(entry["more"].rstrip())
    parts += [f":::{kind}\n{entry[kind]}\n:::" for kind in ("tip", "warning") if kind in entry]
    return "\n\n".join(parts)
