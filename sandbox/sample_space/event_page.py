"""Webhook events → one very long page, the event catalogue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO = """{{toc minLevel=2 maxLevel=3 style=none}}

Every event that a webhook can deliver, with an example. The envelope is the same for all:

| Field | Meaning |
|---|---|
| `id` | Unique; the same when the event is delivered again |
| `sequence` | Rises by one per organization |
| `type` | Name of the event, for instance `alarm.opened` |
| `at` | When it happened, not when it was sent |
| `data` | What is listed below for each event |

Delivery, retries and signatures: [[Webhooks]]."""


_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array"}


def event_page() -> Iterator[PageSource]:
    """The catalogue of ``data/events.yaml``."""
    sequence = 90_100
    parts = [_INTRO]
    for group in read_data("events")["groups"]:
        parts.append(f"## {group['title']}\n\n{group['intro']}")
        for event in group["events"]:
            sequence += 13
            parts.append(_event(event, sequence))
    yield PageSource(
        ref="event-catalogue",
        title="Event catalogue",
        parent="webhooks",
        author="tomas",
        modified=datetime(2026, 10, 2, 9, 41, 7, tzinfo=UTC),
        labels=("api", "reference"),
        body="\n\n".join(parts),
    )


def _event(event: dict[str, Any], sequence: int) -> str:
    rows = "\n".join(
        f"| `data.{name}` | {_TYPES[type(example)]} | {meaning} |" for name, example, meaning in event["fields"]
    )
    payload = {
        "id": f"evt_{sequence:06x}",
        "sequence": sequence,
        "type": event["name"],
        "at": "2026-05-14T03:25:00.412Z",
        "data": {name: example for name, example, _ in event["fields"]},
    }
    example = json.dumps(payload, indent=2, ensure_ascii=False)
    return (
        f"### {event['name']}\n\n{event['when']}\n\n{{table header-column}}\n| Field | Type | Meaning |\n|---|---|---|\n{rows}\n\n"
        f'```json title="{event["name"]}"\n{example}\n```'
    )
