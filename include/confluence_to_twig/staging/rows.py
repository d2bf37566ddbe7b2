"""The rows of each schema in :mod:`confluence_to_twig.staging.schemas`, for the type checker: it knows the names of the columns.

A test compares both. Whoever reads only some columns of a file gets rows with these columns only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypedDict, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

Value = TypeVar("Value")
#: A map column: Arrow gives and takes its entries in order.
Pairs: TypeAlias = list[tuple[str, Value]]
#: The kind of a file that is a document of its own.
ATTACHMENT_KIND = "attachment"


class LevelRow(TypedDict):
    """An entry of :data:`confluence_to_twig.staging.schemas.LEVELS`."""

    users: list[str]
    groups: list[str]


class RestrictionRow(LevelRow):
    """An entry of :data:`confluence_to_twig.staging.schemas.RESTRICTIONS`."""

    id: str


class FileRow(TypedDict):
    """An entry of :data:`confluence_to_twig.staging.schemas.FILE`."""

    id: str
    title: str
    version: int
    media_type: str
    file_size: int
    url: str
    modified_at: datetime | None


class InventoryRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.INVENTORY`."""

    page_id: str
    space_id: str
    kind: str
    status: str
    version: int
    title: str
    url: str
    parent_id: str | None
    parent_type: str | None
    ancestor_ids: list[str]
    ancestors: list[str]
    labels: list[str]
    restricted: bool
    restricted_by: str | None
    restriction_unknown: str | None
    restrictions: list[RestrictionRow] | None
    labels_known: bool
    broken_at: str | None
    author_id: str | None
    created_at: datetime | None
    modified_at: datetime
    position: int | None
    editor: str | None
    attachments_digest: str | None
    comments_digest: str | None
    audience: str | None
    levels: list[LevelRow] | None
    files: list[FileRow] | None


class PlanRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.PLAN`."""

    page_id: str
    kind: str
    action: str
    reason: str
    title: str
    url: str
    version: int | None
    manifest_version: int | None
    manifest_run_id: str | None
    modified_at: datetime | None
    shard: int | None
    restricted: bool | None
    space_id: str | None
    audience: str | None
    levels: list[LevelRow] | None
    target: str | None
    leaves: list[str] | None


class AttachmentRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.ATTACHMENT`."""

    id: str | None
    title: str | None
    media_type: str | None
    file_size: int | None
    url: str | None
    text: str | None


class CommentRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.COMMENT`."""

    id: str | None
    kind: str | None
    author_id: str | None
    created_at: datetime | None
    anchor_text: str | None
    storage: str | None


class PageRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.PAGES`."""

    page_id: str
    kind: str
    space_id: str
    space_key: str
    space_name: str
    version: int
    title: str
    url: str
    parent_id: str | None
    ancestor_ids: list[str]
    ancestors: list[str]
    labels: list[str]
    author_id: str | None
    author_name: str | None
    created_at: datetime | None
    modified_at: datetime
    storage: str
    editor: str | None
    view: str | None
    users: Pairs[str]
    attachments: list[AttachmentRow]
    comments: list[CommentRow]
    included: bool
    lacking: list[str]
    live: bool | None
    audience: str | None
    levels: list[LevelRow] | None


class DocumentRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.DOCUMENTS`."""

    page_id: str
    kind: str
    space_id: str
    space_key: str
    version: int
    title: str
    url: str
    ancestor_ids: list[str]
    ancestors: list[str]
    labels: list[str]
    author: str | None
    created_at: datetime | None
    modified_at: datetime
    language: str | None
    markdown: str
    text_bytes: int
    body_bytes: int | None
    content_hash: str
    converter_version: str
    chunk_count: int
    includes: list[str]
    coverage: float
    tolerant: bool
    constructs: Pairs[int]
    unknown_macros: list[str]
    left_out: list[str] | None
    rendered: bool | None
    live: bool | None
    audience: str | None
    allowed: list[LevelRow] | None


class ChunkRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.CHUNKS`."""

    chunk_id: str
    page_id: str
    ordinal: int
    text: str
    heading_path: list[str]
    url: str
    token_count: int
    char_start: int
    char_end: int
    content_hash: str
    allowed: list[LevelRow] | None


class TextRow(TypedDict):
    """A chunk's text and address in a :class:`BundledRow`."""

    text: str
    url: str


class BundledRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.BUNDLED`."""

    page_id: str
    title: str
    url: str
    space_key: str
    ancestors: list[str]
    labels: list[str]
    version: int
    modified_at: datetime
    texts: list[TextRow]


class QuarantineRow(TypedDict):
    """A row of :data:`confluence_to_twig.staging.schemas.QUARANTINE`."""

    page_id: str
    title: str
    url: str
    version: int
    stage: str
    error_type: str
    error: str


class LoadedRow(TypedDict):
    """What a row of the manifest says of a document, whoever loaded it where and when."""

    document_id: str
    page_id: str
    space_id: str | None
    audience: str | None
    kind: str
    version: int
    title: str
    url: str
    ancestor_ids: list[str]
    ancestors: list[str]
    labels: list[str]
    includes: list[str]
    content_hash: str
    converter_version: str
    chunk_ids: list[str]
    chunk_hashes: list[str]
    chunk_count: int
    text_bytes: int | None
    modified_at: datetime


class ManifestRow(LoadedRow):
    """A row of :data:`confluence_to_twig.staging.schemas.MANIFEST`."""

    data_source: str
    loaded_at: datetime
    run_id: str


class HeldRow(ManifestRow):
    """A row of the manifest, with the audiences whose data sources hold the page: one, if nothing went wrong."""

    held_in: list[str]
