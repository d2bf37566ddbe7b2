"""The diagnosis for people: tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluence_to_twig.cli.doctor.findings import Diagnosis, Estimate
    from confluence_to_twig.cli.terminal import Terminal

_STYLES = {"ok": "", "look": "yellow", "missing": "red", "unknown": "dim"}


def show(diagnosis: Diagnosis, shown: Terminal) -> None:
    """Write the tables."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=shown.out, highlight=False, width=None if shown.out.isatty() else 400)
    console.print(f"{diagnosis.source}, {diagnosis.looked_at}")
    table = Table("side", "what", "state", "found", box=None, pad_edge=False)
    for finding in diagnosis.findings:
        style = _STYLES[finding.state]
        table.add_row(finding.side, finding.what, Text(finding.state, style), Text(finding.found, style))
    console.print(table)
    if diagnosis.estimate:
        console.print(f"\nA first run, estimated from {diagnosis.estimate.basis}:", markup=False)
        figures = Table(box=None, pad_edge=False, show_header=False)
        for name, value in lines_of(diagnosis.estimate):
            figures.add_row(name, value)
        console.print(figures)
    console.print("\nSettings:")
    console.print("  - " + "\n    ".join(f"{key}: {value}" for key, value in diagnosis.settings.items()), markup=False)
    console.print("\nBy hand:")
    for number, step in enumerate(diagnosis.by_hand, start=1):
        console.print(f"  {number}. {step}", markup=False)


def lines_of(estimate: Estimate) -> list[tuple[str, str]]:
    """The figures as rows."""
    least, most = estimate.minutes
    return [
        ("pages", f"{estimate.pages:,}"),
        ("chunks", f"{estimate.chunks:,}"),
        ("tokens", f"{estimate.tokens:,}"),
        ("requests to Confluence", f"{estimate.requests:,}"),
        ("writes to Twig", f"{estimate.writes:,}"),
        ("text", f"{estimate.text_bytes / 1e6:,.1f} MB"),
        ("sent, compressed", f"{estimate.sent_bytes / 1e6:,.1f} MB"),
        ("files", f"{estimate.files:,}"),
        ("minutes", f"{least:g} to {most:g}"),
    ]
