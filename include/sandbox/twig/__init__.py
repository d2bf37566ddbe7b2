"""A look-alike of Twig on loopback: the contract of docs/twig-api-contract.md with search, limits and faults."""

from __future__ import annotations

from include.sandbox.twig.behind import HeldChunk, HeldDocument
from include.sandbox.twig.faults import Fault
from include.sandbox.twig.files import ImportReport
from include.sandbox.twig.journal import RequestRecord
from include.sandbox.twig.keys import DEFAULT_AGENT, DEFAULT_KEY, DEFAULT_ORG, connection
from include.sandbox.twig.processing import ProcessFailure
from include.sandbox.twig.server import SandboxTwig, ServedTwig, serve
from include.sandbox.twig.settings import Settings

__all__ = [
    "DEFAULT_AGENT",
    "DEFAULT_KEY",
    "DEFAULT_ORG",
    "Fault",
    "HeldChunk",
    "HeldDocument",
    "ImportReport",
    "ProcessFailure",
    "RequestRecord",
    "SandboxTwig",
    "ServedTwig",
    "Settings",
    "connection",
    "serve",
]
