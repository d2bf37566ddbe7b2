"""Input and output of the conversion, as frozen data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from confluence_to_twig.staging.rows import LevelRow


@dataclass(frozen=True)
class IncludedPage:
    """A page whose storage body another page includes."""

    page_id: str
    title: str
    storage: str
    url: str = ""
    space_key: str = ""
    version: int = 0
    levels: list[LevelRow] | None = None  # who may read it; None: not known


@dataclass(frozen=True)
class Attachment:
    """A file of the page. ``text`` is what was extracted from it, or None."""

    title: str
    url: str = ""
    media_type: str = ""
    text: str | None = None


@dataclass(frozen=True)
class Comment:
    """A footer or inline comment; ``storage`` is its body in storage format."""

    storage: str
    author: str = ""
    created_at: datetime | None = None
    anchor_text: str = ""


#: ``(space key or None for the page's own space, title)`` → absolute URL, or None when no such page is known.
PageResolver = Callable[[str | None, str], str | None]
#: Id of a page → its title, or None when no such page is known.
TitleResolver = Callable[[str], str | None]
#: Id of a page → its property ``editor``, or None when nobody knows.
EditorResolver = Callable[[str], str | None]
#: The same question as to a :data:`PageResolver`, answered with the page's body.
BodyResolver = Callable[[str | None, str], IncludedPage | None]


@dataclass(frozen=True)
class PageContext:
    """Everything about a page that its storage body does not say. Every field is optional.

    :param url: absolute address of the page; chunks link to it with the heading's anchor.
    :param site_url: base of the site with ``/wiki``, for attachments and Jira keys: ``https://acme.atlassian.net/wiki``.
    :param ancestors: titles, top-down, without the page itself.
    :param editor: the page's property of that name, which decides how Cloud names its headings: ``v2`` for the new editor,
        ``v1`` for the legacy one; empty when nobody knows: as on the site.
    :param users: account id → display name, for mentions.
    :param view: body as Confluence renders it, for a page whose storage holds nothing to read.
    """

    page_id: str = ""
    title: str = ""
    kind: str = "page"
    space_key: str = ""
    space_name: str = ""
    url: str = ""
    version: int = 0
    ancestors: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    author: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    comments: tuple[Comment, ...] = ()
    view: str | None = None
    site_url: str = ""
    editor: str = ""
    resolve_page: PageResolver | None = None
    resolve_body: BodyResolver | None = None
    resolve_title: TitleResolver | None = None
    resolve_editor: EditorResolver | None = None


@dataclass(frozen=True)
class LeftOut:
    """A text of the page that is not in its Markdown, or the name of what would show one; and why.

    :param seen: whether readers of the page see it.
    """

    text: str
    reason: str
    seen: bool = True


@dataclass(frozen=True)
class ConversionReport:
    """What the conversion found.

    :param constructs: construct name (``table``, ``macro:info``, …) → how often.
    :param unknown_macros: names of macros without a rule, sorted; their visible text was kept.
    :param tolerant: the body was not well-formed XML and was read by the tolerant parser.
    :param coverage: share of the storage text's words found again in the Markdown, 0 to 1.
    :param includes: the pages whose text the document contains, sorted: ``id@version``.
    :param used_view: the rendered body was converted in place of the storage body.
    :param left_out: what is not in the Markdown, and why.
    """

    constructs: Mapping[str, int] = field(default_factory=dict)
    unknown_macros: tuple[str, ...] = ()
    tolerant: bool = False
    coverage: float = 1.0
    includes: tuple[str, ...] = ()
    used_view: bool = False
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Heading:
    """A heading of a document.

    :param line: its line of Markdown: ``## Call `__init__```; empty inside a quote or list item.
    :param text: what a reader sees: ``Call __init__``.
    :param named: what the new editor makes its fragment of, which names the kinds of things that have no text: ``Release [date]``.
    """

    line: str
    text: str
    named: str


@dataclass(frozen=True)
class Conversion:
    """A page as Markdown, with its headings in order, and the report of its conversion."""

    markdown: str
    report: ConversionReport
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """A piece of a document, at most 512 cl100k tokens.

    :param text: context line (``Space › Ancestor › Page › Heading``), an empty line, and the piece of Markdown.
    :param heading_path: the headings above the piece's start, outermost first.
    :param url: the page's URL with the anchor of the innermost heading; empty for a bare string.
    :param token_count: exact cl100k tokens of ``text``.
    :param char_start: where the piece begins in the document's Markdown.
    :param char_end: where it ends, exclusive.
    :param page: the page it comes from: title, id, version, space, labels, author, times, ancestors.
    :param language: ISO 639-1 code of the document's language, or None when it cannot be told.
    """

    chunk_id: str
    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    url: str
    token_count: int
    char_start: int
    char_end: int
    content_hash: str
    page: PageContext = field(repr=False)
    language: str | None
