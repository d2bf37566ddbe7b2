"""Batches: few, large requests, cut at the same places for the same documents."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.twig.delta import Decision, Package, decide, upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.twig.settings import TwigSettings

#: Contract: at most 64 MB decompressed. Half of it bounds our memory as well.
RAW_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Prepared:
    """A document ready to be sent.

    :param text: its JSON text.
    :param size: bytes it adds to a compressed request at most.
    :param attempt: 1, or more when Twig asked for texts that it should have had.
    """

    package: Package
    decision: Decision
    text: str
    size: int
    attempt: int = 1

    @property
    def page_id(self) -> str:
        return self.package.page_id

    @property
    def texts_sent(self) -> int:
        """Chunks that go with their text."""
        return len(self.package.chunks) - len(self.decision.kept)


def prepare(package: Package, decision: Decision, attempt: int = 1) -> Prepared:
    """Write the document as JSON and measure it."""
    text = upsert(package, decision.kept)
    # Compressed alone and at the fastest level a document is larger than as a part of the request that is sent.
    return Prepared(package, decision, text, len(zlib.compress(text.encode(), 1)), attempt)


def refresh(prepared: Prepared, view: ManifestView) -> Prepared:
    """The same document, decided again with a newer view of the manifest."""
    if prepared.attempt > 1:
        return prepared
    decision = decide(prepared.package, view.standing(prepared.page_id))
    if decision == prepared.decision:
        return prepared
    return prepare(prepared.package, decision)


def completed(prepared: Prepared, asked_for: Collection[str]) -> Prepared | None:
    """The same document with the texts that Twig asked for; the second time with all texts. None when all were sent."""
    if not prepared.decision.kept:
        return None
    kept = prepared.decision.kept - frozenset(asked_for) if prepared.attempt == 1 else frozenset[str]()
    return prepare(prepared.package, Decision("send", kept), prepared.attempt + 1)


@dataclass
class BatchLimits:
    """How large a request may be: as the connection says, and smaller after Twig found one too large.

    No document of Twig tells a limit, and a gateway in front of it may have one of its own. So a load begins with what the
    contract allows, and each 413 halves that for the rest of the load.

    :param sent: bytes as sent. :param raw: bytes of JSON text.
    """

    sent: int
    raw: int = RAW_BYTES

    @classmethod
    def of(cls, settings: TwigSettings) -> BatchLimits:
        """Where to begin."""
        return cls(settings.batch_bytes, RAW_BYTES if settings.compress else min(RAW_BYTES, settings.batch_bytes))

    def batch(self) -> Batch:
        """An empty batch."""
        return Batch(self.sent, self.raw)

    def too_large(self, documents: Sequence[Prepared]) -> None:
        """Twig found a request with these documents too large."""
        self.sent = min(self.sent, sum(prepared.size for prepared in documents) // 2)
        self.raw = min(self.raw, sum(len(prepared.text) for prepared in documents) // 2)


@dataclass
class Batch:
    """Documents that go into one request.

    :param limit: bytes after compression. A document that is larger by itself makes a batch of its own.
    :param raw_limit: bytes before it.
    """

    limit: int
    raw_limit: int = RAW_BYTES
    documents: list[Prepared] = field(default_factory=list)
    size: int = 0
    raw: int = 0

    def has_room_for(self, prepared: Prepared) -> bool:
        """Whether the document fits; an empty batch takes any."""
        fits = self.size + prepared.size <= self.limit and self.raw + len(prepared.text) <= self.raw_limit
        return fits or not self.documents

    def add(self, prepared: Prepared) -> None:
        """Put the document in."""
        self.documents.append(prepared)
        self.size += prepared.size
        self.raw += len(prepared.text)


def body_of(documents: list[Prepared]) -> str:
    """The request that upserts these documents, as JSON text."""
    return '{"upserts":[' + ",".join(prepared.text for prepared in documents) + '],"deletes":[]}'
