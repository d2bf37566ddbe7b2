"""``python -m sandbox.twig``: serve the sandbox Twig until it is stopped."""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

from sandbox.serving import LOOPBACK, serve_until_stopped
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG, connection
from sandbox.twig.personalities import PERSONALITIES
from sandbox.twig.server import SandboxTwig
from sandbox.twig.settings import Settings

DEFAULT_PORT = 8402


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    options = _parser().parse_args(arguments)
    settings = Settings(write_per_minute=options.rate, processing_seconds=options.processing_seconds)
    twig = SandboxTwig(options.state, settings, latency_ms=options.latency_ms)
    if options.personality:
        options.key = PERSONALITIES[options.personality].play(twig)
    try:
        serve_until_stopped(twig.app, options.host, options.port, partial(_announce, options))
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    finally:
        twig.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.twig", description="A look-alike of Twig on loopback.")
    parser.add_argument("--host", default=LOOPBACK, help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--state", type=Path, help="folder to keep the content in (default: memory)")
    parser.add_argument("--latency-ms", type=_not_negative, default=0.0, help="wait before each answer (default: 0)")
    parser.add_argument(
        "--rate", type=_rate, default=10.0, help="writes a minute, or 'off' for no limits (default: 10, as documented)"
    )
    parser.add_argument(
        "--processing-seconds", type=_not_negative, default=2.0, help="how long a processing takes (default: 2)"
    )
    parser.add_argument("--personality", choices=PERSONALITIES, help="behave like a tenant that differs")
    parser.set_defaults(key=DEFAULT_KEY)
    return parser


def _rate(text: str) -> float | None:
    if text == "off":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if rate <= 0:
        raise argparse.ArgumentTypeError(f"'off' or a number above 0, not {text!r}")
    return rate


def _not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value < 0:
        raise argparse.ArgumentTypeError(f"a number from 0 on, not {text!r}")
    return value


def _announce(options: argparse.Namespace, base_url: str) -> None:
    limit = "no limits" if options.rate is None else f"{options.rate:g} writes a minute"
    kept = f"kept in {options.state}" if options.state else "in memory"
    lines = [
        f"Sandbox Twig: {base_url} ({kept}, {limit})",
        f"  API key {options.key}, organization {DEFAULT_ORG}",
        f"  export AIRFLOW_CONN_TWIG_DEFAULT='{json.dumps(connection(base_url) | {'password': options.key})}'",
        "Open the address in a browser to see the data sources and to search. Ctrl-C stops it.",
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
