"""The request bodies of the contract (docs/twig-api-contract.md, sections 5, 6 and 9)."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sandbox.twig.wire import ApiError


def _whole(value: object) -> object:
    """JSON has one kind of number: ``7.0`` is the integer 7."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


DocumentId = Annotated[str, Field(min_length=1, max_length=255)]
Hash = Annotated[str, Field(min_length=1, max_length=128)]
Url = Annotated[str, Field(max_length=4096)]
Version = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=2**53 - 1)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=1_000_000)]


class Body(BaseModel):
    """Types are taken as sent; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class NewDataSpec(Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    type: Annotated[str, Field(min_length=1, max_length=40)]
    description: Annotated[str, Field(max_length=2000)] = ""


class Chunk(Body):
    id: DocumentId
    ordinal: Count
    hash: Hash
    text: str | None = None  # None: "you already hold this chunk id with this hash"
    url: Url
    headingPath: list[str] = []
    tokenCount: Count


class Document(Body):
    id: DocumentId
    version: Version
    contentHash: Hash
    title: Annotated[str, Field(max_length=1000)]
    url: Url
    metadata: dict[str, Any] = {}
    chunks: list[Chunk]


class Deletion(Body):
    id: DocumentId
    version: Version | None = None


class DocumentsWrite(Body):
    upserts: list[Document] = []
    deletes: list[Deletion] = []


class SemanticSearch(Body):
    query: Annotated[str, Field(min_length=1, max_length=4000)]
    org_id: DocumentId
    data_source_ids: Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=200)] | None = None
    limit: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=50)] = 10


class Query(Body):
    agent_id: DocumentId
    query: Annotated[str, Field(min_length=1, max_length=4000)]
    session_id: Annotated[str, Field(max_length=255)] = ""
    stream: bool = False
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    max_tokens: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100_000)] = 500


AnyBody = TypeVar("AnyBody", bound=Body)


def parse(model: type[AnyBody], body: bytes) -> AnyBody:
    """The body as ``model``.

    :raises ApiError: 400 that names each bad field, without repeating what was sent.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()[:5]]
        details = {"fields": [".".join(map(str, one["loc"])) for one in error.errors()[:5]]}
        raise ApiError(400, "; ".join(faults), extra={"details": details}) from error
