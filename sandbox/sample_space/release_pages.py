"""Releases → release notes, each in the shape that its content asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.device_pages import slug
from sandbox.sample_space.sources import PageSource, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRODUCTS = {"Kelvane": "guide", "Moraine": "devices", "kel": "cli", "Python": "sdk"}
_HEADINGS = (("new", "New"), ("changed", "Changed"), ("fixed", "Fixed"))


def release_pages() -> Iterator[PageSource]:
    """A page for each release of ``data/releases.yaml``."""
    for order, release in enumerate(read_data("releases")["releases"], start=10):
        yield PageSource(
            ref=f"release-{slug(release['title'])}",
            title=release["title"],
            parent="releases",
            order=order,
            created=moment(release["date"]),
            labels=("release-notes", _PRODUCTS[release["title"].split()[0]]),
            body=_notes(release),
        )


def _notes(release: dict[str, Any]) -> str:
    parts = [f"{{date:{release['date']}}} · {release['lead']}"]
    if "breaking" in release:
        parts.append(f":::warning This release breaks something\n{release['breaking']}\n:::")
    for key, heading in _HEADINGS:
        if key in release:
            parts.append(f"## {heading}\n\n" + "\n".join(f"- {sentence}" for sentence in release[key]))
    if "known" in release:
        parts.append(f":::note Known problem\n{release['known']}\n:::")
    return "\n\n".join(parts)
