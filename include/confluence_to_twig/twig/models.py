"""Twig's answers as plain data, read tolerantly. Unknown fields are ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping


def unreadable(what: str) -> PermanentError:
    """The error for an answer that does not hold what the contract says."""
    return PermanentError(
        f"Twig's answer could not be understood: {what}",
        "Check the address and the paths in the Twig connection; if they are right, this Twig differs from "
        "docs/twig-api-contract.md.",
    )


def field(raw: Any, *names: str, default: Any = None) -> Any:
    """The first of ``names`` that is present: Twig writes both camelCase and snake_case."""
    if isinstance(raw, dict):
        for name in names:
            if raw.get(name) is not None:
                return raw[name]
    return default


def items(payload: Any, *names: str) -> list[Any]:
    """The list of a listing: the payload itself, or below one of ``names``."""
    found = payload if isinstance(payload, list) else field(payload, *names)
    if not isinstance(found, list):
        raise unreadable(f"no list named {' or '.join(names)}")
    return found


@dataclass(frozen=True)
class DataSource:
    """A data source ("data spec") of Twig.

    :param status: ``pending``, ``processing``, ``active`` or ``failed``, in lower case.
    :param document_count: documents that search can find; None when Twig does not tell.
    :param chunk_count: chunks that search can find; None when Twig does not tell.
    :param created_at: as Twig sent it, only compared with others; empty when Twig does not tell.
    """

    id: str
    name: str
    type: str
    status: str = ""
    document_count: int | None = None
    chunk_count: int | None = None
    created_at: str = ""
    process_id: str | None = None
    error: str | None = None

    @classmethod
    def read(cls, raw: Any) -> DataSource:
        identity = field(raw, "id", "_id", "dataSpecId", "data_source_id")
        if not isinstance(identity, str | int) or isinstance(identity, bool):
            raise unreadable("a data source without an id")
        return cls(
            id=str(identity),
            name=str(field(raw, "name", default="")),
            type=str(field(raw, "type", "source_type", "sourceType", default="")),
            status=str(field(raw, "status", default="")).lower(),
            document_count=_count(field(raw, "documentCount", "document_count")),
            chunk_count=_count(field(raw, "chunkCount", "chunk_count", "chunksIndexed")),
            created_at=str(field(raw, "createdAt", "created_at", default="")),
            process_id=_text(field(raw, "processId", "process_id")),
            error=_text(field(raw, "error")),
        )


@dataclass(frozen=True)
class Refusal:
    """A document that Twig did not take. ``message`` is Twig's own, not yet safe to show."""

    id: str
    code: str
    message: str


@dataclass(frozen=True)
class WriteOutcome:
    """What became of each document of one write.

    :param missing: document id → ids of the chunks whose text Twig asks for.
    :param replayed: this is the answer to an earlier request with the same key; nothing was applied now.
    """

    accepted: frozenset[str]
    deleted: frozenset[str]
    refused: tuple[Refusal, ...]
    missing: Mapping[str, tuple[str, ...]]
    replayed: bool = False

    @classmethod
    def read(cls, raw: Any, replayed: bool = False) -> WriteOutcome:
        if not isinstance(raw, dict) or not {"accepted", "rejected", "deleted"} & raw.keys():
            raise unreadable("a write without accepted, rejected and deleted")
        missing = field(raw, "missingChunks", "missing_chunks", default={})
        if not isinstance(missing, dict):
            raise unreadable("missing chunks that are not named by document")
        return cls(
            accepted=frozenset(map(_id, _list(raw, "accepted"))),
            deleted=frozenset(map(_id, _list(raw, "deleted"))),
            refused=tuple(
                Refusal(
                    _id(entry), str(field(entry, "code", default="refused")), str(field(entry, "message", default=""))
                )
                for entry in _list(raw, "rejected")
            ),
            missing={str(key): tuple(map(str, _list(missing, key))) for key in missing},
            replayed=replayed,
        )


@dataclass(frozen=True)
class HeldDocument:
    """A document as Twig's listing describes it, without texts. ``chunk_count`` is None when Twig does not tell."""

    id: str
    version: int
    content_hash: str
    title: str
    url: str
    metadata: Mapping[str, Any]
    chunk_ids: tuple[str, ...]
    chunk_hashes: tuple[str, ...]
    chunk_count: int | None

    @classmethod
    def read(cls, raw: Any) -> HeldDocument:
        chunk_ids = tuple(map(str, _list(raw, "chunkIds", "chunk_ids")))
        listed = field(raw, "chunkIds", "chunk_ids") is not None
        metadata = field(raw, "metadata", default={})
        return cls(
            id=_id(raw),
            version=_count(field(raw, "version")) or 0,
            content_hash=str(field(raw, "contentHash", "content_hash", default="")),
            title=str(field(raw, "title", default="")),
            url=str(field(raw, "url", default="")),
            metadata=metadata if isinstance(metadata, dict) else {},
            chunk_ids=chunk_ids,
            chunk_hashes=tuple(map(str, _list(raw, "chunkHashes", "chunk_hashes"))),
            chunk_count=_count(field(raw, "chunkCount", "chunk_count", default=len(chunk_ids) if listed else None)),
        )


@dataclass(frozen=True)
class Citation:
    """One search result."""

    chunk_id: str
    document_id: str
    title: str
    url: str
    similarity: float
    text: str

    @classmethod
    def read(cls, raw: Any) -> Citation:
        try:
            similarity = float(field(raw, "similarity", "score", default=0.0))
        except (TypeError, ValueError):
            similarity = 0.0
        return cls(
            chunk_id=str(field(raw, "chunk_id", "chunkId", default="")),
            document_id=str(field(raw, "document_id", "documentId", default="")),
            title=str(field(raw, "document_title", "documentTitle", "title", default="")),
            url=str(field(raw, "document_url", "documentUrl", "url", default="")),
            similarity=similarity,
            text=str(field(raw, "text", "content", "snippet", default="")),
        )


@dataclass(frozen=True)
class AgentAnswer:
    """What an agent says, in Markdown, and what it cites, best first. The citations are without text."""

    text: str
    citations: tuple[Citation, ...]

    @classmethod
    def read(cls, raw: Any) -> AgentAnswer:
        text = field(raw, "response", "answer")
        if not isinstance(text, str):
            raise unreadable("an agent's answer without a response")
        return cls(text, tuple(map(Citation.read, _list(raw, "sources", "citations"))))


@dataclass(frozen=True)
class ProcessLog:
    """How a processing went. ``status`` in lower case: ``processing``, ``completed`` or ``failed``."""

    status: str
    documents: int | None
    chunks: int | None
    error: str | None

    @classmethod
    def read(cls, raw: Any) -> ProcessLog:
        return cls(
            status=str(field(raw, "status", default="")).lower(),
            documents=_count(field(raw, "documents")),
            chunks=_count(field(raw, "chunks")),
            error=_text(field(raw, "error")),
        )


def _list(raw: Any, *names: str) -> list[Any]:
    found = field(raw, *names, default=[])
    if not isinstance(found, list):
        raise unreadable(f"{names[0]} is not a list")
    return found


def _id(raw: Any) -> str:
    identity = field(raw, "id", "documentId", "document_id") if isinstance(raw, dict) else raw
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise unreadable("a document without an id")
    return str(identity)


def _count(value: Any) -> int | None:
    try:
        return None if value is None or isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("message") or value.get("code")
    return str(value) if value else None
