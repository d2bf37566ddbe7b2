"""The report of a delivery of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import builtins

    from confluence_to_twig.twig.delta import Decision

#: The lists of file names in a report.
NAMES = ("added", "replaced", "removed")


@dataclass
class FilesReport:
    """What a delivery did.

    :param added: :param replaced: :param removed: names of files below ``documents/``.
    :param sums: name of a file that was written → SHA-256 of what was written.
    :param lost: pages of bundles whose text is not in staging any more; the next run fetches them.
    :param refused: one entry a page that no file can hold: page_id, title, url, version, code, message.
    """

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    pages: int = 0
    chunks: int = 0
    unchanged: int = 0
    older: int = 0
    bytes: int = 0
    sums: dict[str, str] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For XCom and the report: numbers of files instead of their names."""
        told = {name: value for name, value in asdict(self).items() if name != "sums"}
        return {name: len(value) if name in (*NAMES, "lost") else value for name, value in told.items()}

    def wrote(self, name: str, content: builtins.bytes) -> None:
        """Count a file that was written, and keep what it takes to know it again."""
        self.bytes += len(content)
        self.sums[name] = sha256(content).hexdigest()

    def pass_by(self, decision: Decision) -> None:
        """Count a page that is not written."""
        self.older += decision.verdict == "older"
        self.unchanged += decision.verdict != "older"
