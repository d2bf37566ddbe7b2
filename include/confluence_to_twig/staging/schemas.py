"""Every Parquet schema of the project, in the order in which the data flows.

All timestamps are UTC with microseconds. Lists are never null, only empty. Ids are the strings that Confluence
sends (``"65538"``): they are identities, not numbers.
"""

from __future__ import annotations

import pyarrow as pa

UTC_TIME = pa.timestamp("us", tz="UTC")
STRINGS = pa.list_(pa.string())
#: Who may read: levels that a reader has to pass one and all. Account ids, and ids of groups (Data Center: names).
LEVELS = pa.list_(pa.struct([("users", STRINGS), ("groups", STRINGS)]))
#: The read restrictions of a page and of what is above it, each with the content that it is set on.
RESTRICTIONS = pa.list_(pa.struct([("id", pa.string()), ("users", STRINGS), ("groups", STRINGS)]))

ATTACHMENT = pa.struct(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("media_type", pa.string()),
        ("file_size", pa.int64()),
        ("url", pa.string()),
        ("text", pa.large_string()),  # extracted text; null unless the source asks for attachment texts
    ]
)

#: A file of a page that may become a document of its own.
FILE = pa.struct(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("file_size", pa.int64(), nullable=False),  # in bytes; 0: nobody tells
        pa.field("url", pa.string(), nullable=False),  # opens it at its page; empty: nobody tells
        ("modified_at", UTC_TIME),
    ]
)

COMMENT = pa.struct(
    [
        ("id", pa.string()),
        ("kind", pa.string()),  # "footer" or "inline"
        ("author_id", pa.string()),
        ("created_at", UTC_TIME),
        ("anchor_text", pa.string()),  # the marked text of an inline comment
        ("storage", pa.large_string()),
    ]
)

#: One row a page or blog post that the sweep saw, without its body. One file a space. Files of pages that a run fetches as
#: documents of their own have rows like these in a file of their own, in the place of their page.
INVENTORY = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("space_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # "page" or "blogpost"; of a file "attachment"
        pa.field("status", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),  # absolute: site base + webui
        ("parent_id", pa.string()),
        ("parent_type", pa.string()),
        pa.field("ancestor_ids", STRINGS, nullable=False),  # top-down, without the page itself
        pa.field("ancestors", STRINGS, nullable=False),  # their titles, top-down
        pa.field("labels", STRINGS, nullable=False),  # sorted
        pa.field("restricted", pa.bool_(), nullable=False),  # effective read restriction, ancestors included
        ("restricted_by", pa.string()),  # the page itself or the topmost restricted ancestor
        ("restriction_unknown", pa.string()),  # why not all of its restrictions are known; null: they are
        ("restrictions", RESTRICTIONS),  # all that are told, from the top down, its own last; null: not asked for
        pa.field("labels_known", pa.bool_(), nullable=False),  # false: they could not be read, or not all of them
        ("broken_at", pa.string()),  # an ancestor that could not be read; the ancestors above it are missing
        ("author_id", pa.string()),
        ("created_at", UTC_TIME),
        pa.field("modified_at", UTC_TIME, nullable=False),
        ("position", pa.int64()),
        ("editor", pa.string()),  # "v1": Cloud's legacy editor; null: the new one, or nobody tells
        # What search tells of its attachments and open comments; "": it has none, null: not known.
        ("attachments_digest", pa.string()),
        ("comments_digest", pa.string()),
        ("audience", pa.string()),  # the key of who may read it, its space included; null: not known, or not in full
        ("levels", LEVELS),  # the same, written out, as far as it is known
        # With ``attachments: documents`` its files that can be read, in a row of a file the file itself; null: not known.
        ("files", pa.list_(FILE)),
    ]
)

#: One row a page of inventory or manifest: what happens to it in this run, and why.
PLAN = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),  # fetch, delete, leave or skip
        pa.field("reason", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        ("version", pa.int64()),  # in Confluence; null when the page is gone
        ("manifest_version", pa.int64()),  # in Twig; null when it was never loaded
        ("manifest_run_id", pa.string()),  # the run that loaded that
        ("modified_at", UTC_TIME),
        ("shard", pa.int32()),  # only for action "fetch"
        ("restricted", pa.bool_()),  # or nobody tells; null when the page is gone, and in plans of earlier releases
        ("space_id", pa.string()),  # null: not known, and in plans of earlier releases
        ("audience", pa.string()),  # the key of who may read it; "": everybody, null: not known
        ("levels", LEVELS),  # the same, written out
        ("target", pa.string()),  # the audience whose data source takes the page; "" or null: the source's own
        ("leaves", STRINGS),  # audiences whose data source it has to go from, before it is sent anywhere
    ]
)

#: One row a fetched page with its storage body.
PAGES = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("space_id", pa.string(), nullable=False),
        pa.field("space_key", pa.string(), nullable=False),
        pa.field("space_name", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        ("parent_id", pa.string()),
        pa.field("ancestor_ids", STRINGS, nullable=False),
        pa.field("ancestors", STRINGS, nullable=False),
        pa.field("labels", STRINGS, nullable=False),
        ("author_id", pa.string()),
        ("author_name", pa.string()),
        ("created_at", UTC_TIME),
        pa.field("modified_at", UTC_TIME, nullable=False),
        pa.field("storage", pa.large_string(), nullable=False),
        ("editor", pa.string()),  # as in the inventory: it decides what the fragments of headings look like
        ("view", pa.large_string()),  # rendered body, only for pages whose content the server renders
        pa.field("users", pa.map_(pa.string(), pa.string()), nullable=False),  # account id → display name
        pa.field("attachments", pa.list_(ATTACHMENT), nullable=False),
        pa.field("comments", pa.list_(COMMENT), nullable=False),
        pa.field("included", pa.bool_(), nullable=False),  # true: fetched only because another page includes it
        pa.field("lacking", STRINGS, nullable=False),  # what could not be fetched besides the body: "comments" …
        ("live", pa.bool_()),  # a live doc, whose text may be behind its version
        ("audience", pa.string()),  # as in the plan
        ("levels", LEVELS),
    ]
)

#: One row a page that became Markdown.
DOCUMENTS = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("space_id", pa.string(), nullable=False),
        pa.field("space_key", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("ancestor_ids", STRINGS, nullable=False),
        pa.field("ancestors", STRINGS, nullable=False),
        pa.field("labels", STRINGS, nullable=False),
        ("author", pa.string()),
        ("created_at", UTC_TIME),
        pa.field("modified_at", UTC_TIME, nullable=False),
        ("language", pa.string()),
        pa.field("markdown", pa.large_string(), nullable=False),
        pa.field("text_bytes", pa.int64(), nullable=False),  # of the Markdown in UTF-8
        ("body_bytes", pa.int64()),  # of the storage body in UTF-8; 0: the body came without anything
        pa.field("content_hash", pa.string(), nullable=False),  # of Markdown, title, ancestors, labels
        pa.field("converter_version", pa.string(), nullable=False),
        pa.field("chunk_count", pa.int32(), nullable=False),
        pa.field(
            "includes", STRINGS, nullable=False
        ),  # pages whose text this document contains: id@version; and what it lacks: comments@missing
        pa.field("coverage", pa.float64(), nullable=False),  # share of the storage text's words found again, 0 to 1
        pa.field("tolerant", pa.bool_(), nullable=False),  # true: the body was not well-formed XML
        pa.field("constructs", pa.map_(pa.string(), pa.int32()), nullable=False),
        pa.field("unknown_macros", STRINGS, nullable=False),
        ("left_out", STRINGS),  # what a reader sees and the Markdown lacks, with the reason: "countdown: an app that …"
        ("rendered", pa.bool_()),  # Confluence was asked to render it, as the body says little without
        ("live", pa.bool_()),  # a live doc
        ("audience", pa.string()),  # as in the plan
        ("allowed", LEVELS),  # who may read it; null: not known
    ]
)

#: One row a chunk, in document order within a page.
CHUNKS = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),  # context line included
        pa.field("heading_path", STRINGS, nullable=False),
        pa.field("url", pa.string(), nullable=False),  # with the heading's anchor
        pa.field("token_count", pa.int32(), nullable=False),  # cl100k
        pa.field("char_start", pa.int64(), nullable=False),  # into the document's Markdown
        pa.field("char_end", pa.int64(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        ("allowed", LEVELS),  # who may read it: as the document; null: not known
    ]
)

#: One row a page of a bundle, a file for Twig that holds several pages: what the file is made of. Lasts as long as the file.
BUNDLED = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("space_key", pa.string(), nullable=False),
        pa.field("ancestors", STRINGS, nullable=False),
        pa.field("labels", STRINGS, nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("modified_at", UTC_TIME, nullable=False),
        pa.field(
            "texts", pa.list_(pa.struct([("text", pa.large_string()), ("url", pa.string())])), nullable=False
        ),  # of the chunks, in order
    ]
)

#: One row a page that could not become chunks, or that Twig refused.
QUARANTINE = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),  # extract, transform or load
        pa.field("error_type", pa.string(), nullable=False),
        pa.field("error", pa.string(), nullable=False),
    ]
)

#: One row a document that a Twig data source holds, as this project loaded it; also the rows of the journal. The key is
#: ``(data_source, document_id)``. What format 1 did not write down is null.
MANIFEST = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("page_id", pa.string(), nullable=False),
        ("space_id", pa.string()),
        ("audience", pa.string()),  # the key of who may read it, as Twig was told; null: Twig was told nothing
        pa.field("kind", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("ancestor_ids", STRINGS, nullable=False),
        pa.field("ancestors", STRINGS, nullable=False),
        pa.field("labels", STRINGS, nullable=False),
        pa.field("includes", STRINGS, nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("converter_version", pa.string(), nullable=False),
        pa.field("chunk_ids", STRINGS, nullable=False),
        pa.field("chunk_hashes", STRINGS, nullable=False),
        pa.field("chunk_count", pa.int32(), nullable=False),
        ("text_bytes", pa.int64()),  # of the document's Markdown in UTF-8
        pa.field("modified_at", UTC_TIME, nullable=False),
        pa.field("data_source", pa.string(), nullable=False),  # Twig's id, or files:<format>:<folder>
        pa.field("loaded_at", UTC_TIME, nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
