"""Commands of the command line → a page per command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.device_pages import slug
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator


def cli_pages() -> Iterator[PageSource]:
    """A page for each command of ``data/cli.yaml``."""
    for order, command in enumerate(read_data("cli")["commands"], start=50):
        yield PageSource(
            ref=slug(command["name"]),
            title=command["name"],
            parent="cli",
            order=order,
            labels=("cli", "reference"),
            body=_command(command),
        )


def _command(command: dict[str, Any]) -> str:
    parts = [command["summary"], f":::noformat\n{command['usage']}\n:::"]
    if "options" in command:
        rows = "\n".join(
            f"| {' | '.join([name, default, ', '.join(words)])} |" for name, default, *words in command["options"]
        )
        parts.append(f"## Options\n\n| Option | Default | Meaning |\n|---|---|---|\n{rows}")
    for title, code in command.get("examples", ()):
        parts.append(f"## Example: {title}\n\n```bash\n{code}\n```")
    if "more" in command:
        parts.append(command["more"].rstrip())
    if "exits" in command:
        rows = "\n".join(f"| {status} | {meaning} |" for status, meaning in command["exits"])
        parts.append(f"## Exit status\n\n| Status | Meaning |\n|---|---|\n{rows}")
    if "notes" in command:
        parts.append(f"## Notes\n\n{command['notes']}")
    return "\n\n".join(parts)
