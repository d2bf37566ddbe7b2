"""What a load did, in figures and refused documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class LoadReport:
    """What a load did. All figures are of this attempt of the task.

    :param unchanged: documents that Twig holds as they are. :param older: documents older than what Twig holds.
    :param metadata_only: documents sent without any text. :param chunks_kept: chunks sent as "keep what you have".
    :param refused: one entry a document that Twig did not take: page_id, title, url, version, code, message.
    :param bytes: bytes of all requests as sent. :param seconds_waited: for Twig's write budget and for retries.
    """

    documents_sent: int = 0
    unchanged: int = 0
    older: int = 0
    metadata_only: int = 0
    chunks_sent: int = 0
    chunks_kept: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    batches: int = 0
    writes: int = 0
    requests: int = 0
    bytes: int = 0
    seconds_waited: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For XCom and the report."""
        return asdict(self)
