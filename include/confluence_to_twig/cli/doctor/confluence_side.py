"""What Confluence offers this account, in some twenty reading requests, and a sample of the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from confluence_to_twig.cli.doctor.findings import Finding
from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.api.errors import MissingScopeError, SpaceNotFoundError
from confluence_to_twig.confluence.api.labels import EXPAND_TOLD, labels_from_v1
from confluence_to_twig.confluence.api.restrictions import told_readers
from confluence_to_twig.confluence.api.scopes import ALL_SCOPES
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.content.attachments.kinds import kind_of
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.spaces import chosen_spaces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluence_to_twig.cli.doctor.findings import State
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Count, Kind
    from confluence_to_twig.confluence.api.sign_in import SignIn
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.sources.fields import AttachmentsMode
    from confluence_to_twig.sources.source import Source

SAMPLE = 200
_BODIES_AT_ONCE = 100
_FILES_LOOKED_AT = 100
#: After so many requests nothing more is tried: the rest belongs to Twig.
_ENOUGH = 24
_WAYS = {
    "site": "e-mail and API token without scopes, at the site itself",
    "gateway": "scoped token or OAuth 2.0, through Atlassian's gateway",
    "datacenter": "Data Center",
}
_CONTAINERS = ("folder", "database", "whiteboard", "embed")


@dataclass
class Seen:
    """What the estimate needs.

    :param count: current pages and blog posts that the account sees. :param in_scope: their share that the source takes.
    :param sample: pages in scope with their bodies. :param ancestors: their titles above by page id.
    :param labels: by page id. :param attached: attachments and comments in all; None: nobody tells.
    :param to_read: files that a first run downloads, by the share of those that can be read among some of them.
    :param requests: made so far. :param threads: of the connection.
    """

    findings: list[Finding] = field(default_factory=list)
    space: Space | None = None
    count: Count | None = None
    in_scope: float = 1.0
    sample: list[Content] = field(default_factory=list)
    ancestors: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attached: int | None = None
    to_read: int = 0
    requests: int = 0
    threads: int = 8

    def note(self, what: str, found: str, state: State = "ok") -> None:
        """Add a row to the table."""
        self.findings.append(Finding("Confluence", what, found, state))


def examine_confluence(source: Source, client: ConfluenceClient) -> Seen:
    """Look at the side of Confluence. An answer that fails becomes a row of the table."""
    seen = Seen(threads=client.settings.threads)
    try:
        signed_in = client.sign_in()
        seen.note("Sign-in", f"{signed_in.display_name}: {_WAYS[signed_in.via]}")
        seen.space = _space(source, client, seen)
        _count(source, client, seen, seen.space)
    except PipelineError as error:
        seen.note("Sign-in and space", error.sentences, "missing")
        seen.requests = client.requests_made
        return seen
    steps: tuple[Callable[[Source, ConfluenceClient, Seen, Space], None], ...] = (_sample, _files, _archived)
    for step in steps:
        try:
            step(source, client, seen, seen.space)
        except PipelineError as error:
            seen.note(step.__name__.strip("_").capitalize(), error.sentences, "unknown")
    if signed_in.via == "gateway":
        _scopes(source, client, seen, signed_in)
    else:
        seen.note("Scopes", "this kind of sign-in has none: the account's own permissions count")
    seen.requests = client.requests_made
    return seen


def _space(source: Source, client: ConfluenceClient, seen: Seen) -> Space:
    """The space; of many the first that fits, for an example."""
    if source.space_key:
        return client.space(source.space_key)
    found, unknown = chosen_spaces(source.spaces, client.api.all_spaces(), archived=source.archived_spaces == "include")
    lacking = f", none is called {', '.join(unknown)}" if unknown else ""
    seen.note(
        "Spaces", f"{len(found):,} fit {source.spaces_text}{lacking}", "missing" if unknown or not found else "ok"
    )
    if not found:
        raise SpaceNotFoundError(f"No space fits {source.spaces_text}", "Keys are case-sensitive.")
    return found[0]


def _count(source: Source, client: ConfluenceClient, seen: Seen, space: Space) -> None:
    seen.count = client.count(space, source.content)
    archived = space.status == "archived"
    seen.note(
        "Space",
        f"{space.name} ({space.key}), {space.status}: {seen.count}" + (". Search does not see it" if archived else ""),
        "look" if archived or not seen.count.number else "ok",
    )


def _sample(source: Source, client: ConfluenceClient, seen: Seen, space: Space) -> None:
    """The first pages by title, which says nothing of their size."""
    expand = (*EXPAND_TOLD, "ancestors")
    rows = list(islice(client.api.search(f"{of_space(space.key, source.content)} order by title", expand, 250), 250))
    restricted = {str(row["id"]) for row in rows if _is_restricted(row)}
    for row in rows:
        seen.labels[str(row["id"])] = labels_from_v1(row)
        seen.ancestors[str(row["id"])] = [str(above.get("title") or "") for above in row.get("ancestors") or []]
    out = _left_out(source, rows, seen) | (restricted if source.restricted_pages == "skip" else set())
    seen.in_scope = 1 - len(out) / len(rows) if rows else 1.0
    wanted = [row for row in rows if str(row["id"]) not in out][:SAMPLE]
    kinds: tuple[Kind, ...] = ("page", "blogpost")
    for kind in kinds:
        ids = [str(row["id"]) for row in wanted if row.get("type") == kind]
        for some in batches(ids, _BODIES_AT_ONCE):
            seen.sample += client.api.bodies(some, kind).contents
    share = f"{len(restricted) / len(rows):.0%}" if rows else "none"
    seen.note(
        "Restricted pages", f"{share} of {len(rows)} have a restriction of their own; {source.restricted_pages} them"
    )
    live = sum(content.live for content in seen.sample)
    below = sum(content.parent_type in _CONTAINERS for content in seen.sample)
    seen.note("Live docs", f"{live} of {len(seen.sample)} looked at")
    seen.note("Folders and the like", f"{below} of {len(seen.sample)} looked at lie directly below one")


def _left_out(source: Source, rows: Sequence[dict[str, Any]], seen: Seen) -> set[str]:
    """Contents that the source's selection leaves out, as far as a search tells: not for their age."""
    import pyarrow as pa

    from confluence_to_twig.planning.selection import Selection, marked
    from confluence_to_twig.staging.schemas import INVENTORY

    now = datetime.now(UTC)
    described = [
        {
            "page_id": str(row["id"]),
            "title": str(row.get("title") or ""),
            "ancestor_ids": [str(above.get("id")) for above in row.get("ancestors") or []],
            "ancestors": seen.ancestors[str(row["id"])],
            "labels": list(seen.labels[str(row["id"])]),
            "labels_known": True,
            "broken_at": None,
            "modified_at": now,
        }
        for row in rows
    ]
    names = list(described[0]) if described else INVENTORY.names
    table = pa.Table.from_pylist(described, schema=pa.schema([INVENTORY.field(name) for name in names]))
    found = marked(table, Selection.of(source, now, None))
    return {row["page_id"] for row in found.select(["page_id", "left_out"]).to_pylist() if row["left_out"]}


def _is_restricted(row: dict[str, Any]) -> bool:
    return bool(told_readers(row))


def _files(source: Source, client: ConfluenceClient, seen: Seen, space: Space) -> None:
    total = client.api.search_total(of_space(space.key, ["attachment"]))
    comments = client.api.search_total(of_space(space.key, ["comment"])) if source.comments else 0
    found = client.api.search(of_space(space.key, ["attachment"]), ("extensions",), _FILES_LOOKED_AT)
    rows = list(islice(found, _FILES_LOOKED_AT)) if total != 0 else []
    sizes = [_size(row) for row in rows]
    known = [size for size in sizes if size is not None]
    mean = f", {sum(known) / len(known) / 1e6:,.2f} MB on average of {len(known)}" if known else ""
    read = sum(_is_read(row, source.attachments) for row in rows)
    seen.to_read = round((len(rows) if total is None else total) * read / len(rows)) if rows else 0
    seen.attached = None if total is None or comments is None else total + comments
    seen.note("Attachments", f"{'unknown number' if total is None else f'{total:,}'}{mean}; {source.attachments}")


def _is_read(row: dict[str, Any], mode: AttachmentsMode) -> bool:
    """Whether a file with this hit of a search is downloaded. Drawings stand in their pages, the others are documents."""
    described = str(row.get("title") or ""), str((row.get("extensions") or {}).get("mediaType") or "")
    return mode in ("text", "documents") and kind_of(*described) is not None


def _size(row: dict[str, Any]) -> int | None:
    size = (row.get("extensions") or {}).get("fileSize")
    return size if isinstance(size, int) else None


def _archived(source: Source, client: ConfluenceClient, seen: Seen, space: Space) -> None:
    count = client.api.archived(space)
    seen.note(
        "Archived pages",
        "nobody tells" if count is None else f"{count}; they stay out",
        "unknown" if count is None else "ok",
    )


def _scopes(source: Source, client: ConfluenceClient, seen: Seen, signed_in: SignIn) -> None:
    """One cheap request for each scope. What a scope opens may be empty, so an id that does not exist is good enough."""
    page = next((content.id for content in seen.sample if content.kind == "page"), "1")
    tries: dict[str, Callable[[], object]] = {
        "read:space:confluence": lambda: None,  # the space was read
        "read:page:confluence": lambda: client.api.probe(page, "page"),
        "read:content-details:confluence": lambda: next(
            client.api.search(of_space(seen.space.key if seen.space else source.space_key, ["page"]), (), 1), None
        ),
        "read:attachment:confluence": lambda: client.api.attachments_of(page, "page"),
        "read:comment:confluence": lambda: client.api.comments_of(page, "page"),
        "read:hierarchical-content:confluence": lambda: next(iter(client.api.descendants(page, "page") or ()), None),
        "read:user:confluence": lambda: client.api.user_names([signed_in.account_id]),
    }
    for scope in ALL_SCOPES:
        attempt = tries.get(scope) or partial(_container, client, scope.split(":")[1])
        if client.requests_made >= _ENOUGH:
            seen.note(f"Scope {scope}", "not tried: too many requests", "unknown")
            continue
        seen.note(f"Scope {scope}", *_tried(attempt))


def _container(client: ConfluenceClient, kind: str) -> None:
    _, problems = client.api.containers({"1": kind})
    if any("scope" in problem for problem in problems.values()):
        raise MissingScopeError(next(iter(problems.values())))


def _tried(attempt: Callable[[], object]) -> tuple[str, State]:
    try:
        attempt()
    except MissingScopeError as error:
        return error.summary, "missing"
    except PipelineError as error:
        return error.summary, "unknown"
    return "granted", "ok"
