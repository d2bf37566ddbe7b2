"""Device models → a data sheet per model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator


def device_pages() -> Iterator[PageSource]:
    """A page for each model of ``data/devices.yaml``."""
    for order, model in enumerate(read_data("devices")["models"], start=10):
        yield PageSource(
            ref=slug(model["name"]),
            title=model["name"],
            parent=model["parent"],
            order=order,
            labels=("devices", "reference"),
            body=_sheet(model),
        )


def slug(title: str) -> str:
    """A ref from a title: lower-case ASCII words joined by hyphens."""
    plain = title.lower().replace("₂", "2")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _sheet(model: dict[str, Any]) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in model["specs"].items())
    sections = "\n\n".join(f"## {heading}\n\n{body}" for heading, body in model["sections"])
    orders = "\n".join(f"| {number} | {article} |" for number, article in model["orders"])
    return (
        f"{model['lead']}\n\n{{{{toc minLevel=2}}}}\n\n## Data sheet\n\n{{table header-column width=600}}\n"
        f"{rows}\n\nOn sale since {model['since']}.\n\n{sections}\n\n"
        f"## Order numbers\n\n| Number | Article |\n|---|---|\n{orders}"
    )
