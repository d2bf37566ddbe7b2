"""What can be set while the sandbox Twig runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.twig.wire import Envelope, ErrorShape  # noqa: TC001 - pydantic reads the annotations

#: How files come in: by hand, or by a connector that reads a drive.
Connector = Literal["upload", "google_drive", "onedrive", "sharepoint"]
MEGABYTE = 1024 * 1024


class Settings(BaseModel):
    """The sandbox's behaviour. Assigning to a field takes effect with the next request."""

    model_config = ConfigDict(validate_assignment=True, extra="forbid")

    processing_seconds: Annotated[float, Field(ge=0)] = 0.0
    envelope: Envelope = "documented"
    errors: ErrorShape = "documented"
    unknown_fields: bool = False  # adds a field to every answer that no contract knows
    below: str = ""  # path prefix of all routes, as behind a gateway
    capitalised_status: bool = False  # "Active", as some of Twig's pages write
    retry_after: bool = True  # whether a 429 has the Retry-After header
    listing_status: Annotated[int, Field(ge=200, le=599)] = 200  # what GET …/documents answers: 200, 404, 405 or 501
    documents_status: Annotated[int, Field(ge=200, le=599)] = 200  # what POST …/documents answers: 200, 404, 405 or 501
    process_status: Annotated[int, Field(ge=200, le=599)] = 200  # what POST …/process answers: 200 or 403
    by_id_status: Annotated[int, Field(ge=200, le=599)] = 200  # what GET /api/data-specs/{id} answers: 200, 404 or 405
    connector: Connector = "upload"
    max_files: Annotated[int, Field(gt=0)] | None = None  # how many files the plan takes; None: any number
    max_body_bytes: Annotated[int, Field(gt=0)] = 10 * MEGABYTE  # as sent
    max_decoded_bytes: Annotated[int, Field(gt=0)] = 64 * MEGABYTE
    write_per_minute: Annotated[float, Field(gt=0)] | None = 10.0  # None: no rate limit at all
    search: Literal["words", "likeness"] = "words"  # Twig's pages say embeddings; words are what people can predict
    stores_writes: bool = (
        True  # False: documents are acknowledged, and nothing is kept (assumption: a fault, no document)
    )
    stays_pending: bool = False  # True: the status stays "pending", however often it is processed (assumption)
    write_burst: Annotated[int, Field(gt=0)] = 15
