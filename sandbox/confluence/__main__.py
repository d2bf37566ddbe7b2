"""``python -m sandbox.confluence``: serve the look-alike until it is stopped."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.confluence.folder_space import read_folder
from sandbox.confluence.generated import generated_space
from sandbox.confluence.personalities import described
from sandbox.confluence.sandbox import (
    PERSONAL_ACCESS_TOKEN,
    SCOPED_TOKEN,
    SYNC_EMAIL,
    SYNC_TOKEN,
    SandboxConfluence,
)
from sandbox.confluence.site import DEPLOYMENTS
from sandbox.serving import LOOPBACK, serve_until_stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.seed import SeedSpace

DEFAULT_PORT = 8401


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    options = _parser().parse_args(arguments)
    try:
        sandbox = SandboxConfluence(
            deployment=options.deployment,
            latency_ms=options.latency_ms,
            rate=options.rate,
            burst=options.burst,
            state=options.state,
            personalities=options.personality,
            switches=dict(options.switch),
        )
        _fill(sandbox, options)
        serve_until_stopped(sandbox.app, options.host, options.port, lambda base_url: _announce(sandbox, base_url))
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error


def _fill(sandbox: SandboxConfluence, options: argparse.Namespace) -> None:
    """Add the spaces that were asked for, by default the sample spaces; what the state folder has is kept as it is."""
    wanted: dict[str, Callable[[], SeedSpace]] = {
        key: (lambda key=key, folder=folder: read_folder(key, folder))  # type: ignore[misc]
        for key, folder in options.space
    }
    if options.generated:
        wanted["GEN"] = lambda: generated_space(options.generated, folders=options.generated_folders)
    if options.sample or not wanted:
        wanted["PROD"] = _sample_space
        wanted |= _neighbours()
    for key, make in wanted.items():
        if sandbox.store.space_by_key(key) is None:
            sandbox.add_space(make())


def _sample_space() -> SeedSpace:
    from sandbox.sample_space import load

    return load()


def _neighbours() -> dict[str, Callable[[], SeedSpace]]:
    from sandbox.sample_space.neighbours import neighbours

    return {seed.key: lambda seed=seed: seed for seed in neighbours()}  # type: ignore[misc]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.confluence", description="A look-alike of Confluence on loopback."
    )
    parser.add_argument("--host", default=LOOPBACK, help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--state", type=Path, help="folder to keep the site in, edits included (default: memory)")
    parser.add_argument("--latency-ms", type=_not_negative, default=0.0, help="wait before each answer (default: 0)")
    parser.add_argument("--rate", type=_positive, help="requests a second before 429 (default: no limit)")
    parser.add_argument("--burst", type=int, help="requests at once before 429 (default: one second's worth)")
    parser.add_argument(
        "--space",
        type=_space,
        action="append",
        default=[],
        metavar="KEY=FOLDER",
        help="serve a folder of storage files (.xhtml, .xml, .html, .storage) as a space; may be repeated "
        "(default: the sample spaces PROD, OPS and TEAM)",
    )
    parser.add_argument("--sample", action="store_true", help="serve the sample space PROD besides the others")
    parser.add_argument("--generated", type=int, metavar="PAGES", help="serve a generated space GEN of that many pages")
    parser.add_argument(
        "--generated-folders", type=int, default=0, metavar="FOLDERS", help="with so many folders in it"
    )
    parser.add_argument("--deployment", choices=DEPLOYMENTS, help="default: what the personalities need, else cloud")
    parser.add_argument(
        "--personality",
        type=lambda text: text.split(","),
        action="extend",
        default=[],
        metavar="NAME,…",
        help="what real sites do and a plain one does not; see --personalities",
    )
    parser.add_argument(
        "--switch",
        type=_switch,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one switch of the site, after the personalities; the value is JSON or a text",
    )
    parser.add_argument("--personalities", action=_Describe, nargs=0, help="list them with their sources, and stop")
    return parser


class _Describe(argparse.Action):
    """Prints all personalities and assumptions."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print("\n".join(described()))
        parser.exit()


def _switch(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _not_negative(text: str) -> float:
    return _number(text, lambda value: value >= 0, "a number from 0 on")


def _positive(text: str) -> float:
    return _number(text, lambda value: value > 0, "a number above 0")


def _number(text: str, fits: Callable[[float], bool], wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not fits(value):
        raise argparse.ArgumentTypeError(f"{wanted}, not {text!r}")
    return value


def _space(text: str) -> tuple[str, Path]:
    key, equals, folder = text.partition("=")
    if not (key and equals and folder):
        raise argparse.ArgumentTypeError(f"KEY=FOLDER, not {text!r}")
    return key, Path(folder)


def _announce(sandbox: SandboxConfluence, base_url: str) -> None:
    sandbox.base_url = base_url
    print("\n".join(welcome(sandbox)), flush=True)


def welcome(sandbox: SandboxConfluence) -> list[str]:
    """What a person needs to connect, with credentials that are worth nothing elsewhere."""
    spaces = ", ".join(
        f"{space.key} ({_pages(sandbox, space.id)} current pages)" for space in sandbox.store.spaces.values()
    )
    cloud = sandbox.site.is_cloud
    lines = [
        f"Sandbox Confluence ({', '.join([sandbox.site.deployment, *sandbox.personalities])}): {sandbox.base_url}",
        f"  site: {sandbox.site_url}",
        f"  spaces: {spaces}",
        f"  e-mail {SYNC_EMAIL}, API token {SYNC_TOKEN}"
        if cloud
        else f"  personal access token {PERSONAL_ACCESS_TOKEN}",
        f"  control API: {sandbox.base_url}/_sandbox",
        f"  export AIRFLOW_CONN_CONFLUENCE_DEFAULT='{json.dumps(sandbox.connection())}'",
        "Open the address in a browser to read the pages. Ctrl-C stops it.",
    ]
    if cloud:
        lines.insert(4, f"  scoped API token {SCOPED_TOKEN}, through {sandbox.gateway_url}")
    return lines


def _pages(sandbox: SandboxConfluence, space_id: int) -> int:
    contents = sandbox.store.contents.values()
    return sum(
        (content.space_id, content.kind, content.status) == (space_id, "page", "current") for content in contents
    )


if __name__ == "__main__":
    main()
