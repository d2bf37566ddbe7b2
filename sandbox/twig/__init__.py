"""A look-alike of Twig on loopback: the contract of docs/twig-api-contract.md with search, limits and faults."""

from __future__ import annotations

from sandbox.twig.behind import HeldChunk, HeldDocument
from sandbox.twig.faults import Fault
from sandbox.twig.files import ImportReport
from sandbox.twig.keys import DEFAULT_AGENT, DEFAULT_KEY, DEFAULT_ORG, connection
from sandbox.twig.personalities import PERSONALITIES, Personality
from sandbox.twig.processing import ProcessFailure
from sandbox.twig.request_log import RequestRecord
from sandbox.twig.server import SandboxTwig, ServedTwig, serve
from sandbox.twig.settings import Settings

__all__ = [
    "DEFAULT_AGENT",
    "DEFAULT_KEY",
    "DEFAULT_ORG",
    "PERSONALITIES",
    "Fault",
    "HeldChunk",
    "HeldDocument",
    "ImportReport",
    "Personality",
    "ProcessFailure",
    "RequestRecord",
    "SandboxTwig",
    "ServedTwig",
    "Settings",
    "connection",
    "serve",
]
