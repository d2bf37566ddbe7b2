"""A look-alike of Confluence, served on loopback: for a try without an account, for tests and for benchmarks."""

from __future__ import annotations

from sandbox.confluence.faults import (
    Cut,
    Delay,
    Do,
    Drip,
    DropNext,
    DropResults,
    EmptyPage,
    Fault,
    ForeignLinks,
    LimitRate,
    Redirect,
    Refuse,
    RepeatCursor,
    Reset,
    Rewrite,
    ShrinkTotal,
    Truncate,
)
from sandbox.confluence.request_log import LoggedRequest, RequestLog
from sandbox.confluence.sandbox import (
    PERSONAL_ACCESS_TOKEN,
    READER_USER,
    SCOPED_TOKEN,
    SYNC_EMAIL,
    SYNC_TOKEN,
    SYNC_USER,
    SandboxConfluence,
    serve,
)
from sandbox.confluence.site import ALL_SCOPES, Site

__all__ = [
    "ALL_SCOPES",
    "PERSONAL_ACCESS_TOKEN",
    "READER_USER",
    "SCOPED_TOKEN",
    "SYNC_EMAIL",
    "SYNC_TOKEN",
    "SYNC_USER",
    "Cut",
    "Delay",
    "Do",
    "Drip",
    "DropNext",
    "DropResults",
    "EmptyPage",
    "Fault",
    "ForeignLinks",
    "LimitRate",
    "LoggedRequest",
    "Redirect",
    "Refuse",
    "RepeatCursor",
    "RequestLog",
    "Reset",
    "Rewrite",
    "SandboxConfluence",
    "ShrinkTotal",
    "Site",
    "Truncate",
    "serve",
]
