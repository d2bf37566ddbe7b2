"""Gateway settings and Modbus registers → a page that is one long listing and a page that is one long table."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from sandbox.sample_space.data import read_data
from sandbox.sample_space.sources import PageSource

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS_INTRO = """The configuration of a gateway lies in `/data/etc/drift.toml`. This is the complete file with all defaults, as Moraine OS {version} writes it on a new gateway. Change only what you must: keys that are missing have the default, so a file of three lines is better than a copy of this one.

Changes take effect after `kel gateway restart`, or when you press **Apply** on the local web interface. A file with an error is refused as a whole; the gateway keeps the last good one."""

_REGISTERS_INTRO = """Input registers of the Modbus TCP server (function code 4; function code 3 gives the same). Big-endian, one value per register. Switch the server on as described in [[Connect a building management system]].

Each sensor has {per_sensor} registers, from {first} on, in the order of pairing; the first {slots} sensors are served. Slot *n* (counted from 1) begins at {first} + {per_sensor} × (*n* − 1). A value older than 15 minutes reads `0x8000`."""


def gateway_reference() -> Iterator[PageSource]:
    """The pages of ``data/settings.yaml`` and ``data/registers.yaml``."""
    yield PageSource(
        ref="drift-toml",
        title="drift.toml: all settings",
        parent="moraine-os",
        order=50,
        labels=("reference", "devices"),
        body=_settings(read_data("settings")["sections"]),
    )
    yield PageSource(
        ref="modbus-registers",
        title="Modbus register map",
        parent="drift-rail",
        order=10,
        labels=("reference", "devices"),
        attach=("modbus-registers.csv",),
        body=_registers(read_data("registers")),
    )


def _settings(sections: list[dict[str, Any]]) -> str:
    lines = ["# drift.toml, complete, with defaults"]
    for section in sections:
        lines += ["", f"# {'-' * 70}", *_comment(section["about"]), f"# {'-' * 70}", f"[{section['table']}]"]
        for key, default, about, allowed, since in section["settings"]:
            lines.append("")
            lines += _comment(about) if about else []
            lines += [f"# Allowed: {allowed}"] if allowed else []
            lines += [f"# Since Moraine OS {since}"] if since else []
            lines.append(f"{key} = {default}")
    listing = "\n".join(lines)
    return f'{_SETTINGS_INTRO.format(version="4.3")}\n\n```toml title="drift.toml"\n{listing}\n```'


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 76, initial_indent="# ", subsequent_indent="# ")


def _registers(data: dict[str, Any]) -> str:
    kinds = data["sensor"]
    rows = [
        f"| {data['sensor_first'] + slot * len(kinds) + offset} | {slot + 1} | `{name}` | {kind} | {scale} | {meaning} |"
        for slot in range(data["sensor_slots"])
        for offset, (name, kind, scale, meaning) in enumerate(kinds)
    ]
    gateway = [
        f"| {data['gateway_first'] + offset} | `{name}` | {kind} | {scale} | {meaning} |"
        for offset, (name, kind, scale, meaning) in enumerate(data["gateway"])
    ]
    intro = _REGISTERS_INTRO.format(first=data["sensor_first"], per_sensor=len(kinds), slots=data["sensor_slots"])
    return "\n".join(
        [
            intro,
            "\nAs a file: [[^modbus-registers.csv]].\n\n## Registers of sensors\n",
            "{table width=960}",
            "| Register | Slot | Name | Type | Scale | Meaning |",
            "|---|---|---|---|---|---|",
            *rows,
            "\n## Registers of the gateway\n",
            "| Register | Name | Type | Scale | Meaning |",
            "|---|---|---|---|---|",
            *gateway,
        ]
    )
