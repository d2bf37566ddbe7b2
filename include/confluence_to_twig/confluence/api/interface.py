"""What the sweep and the extraction need of Confluence, whichever of its two APIs answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.attached import Attachment, Comment
    from confluence_to_twig.confluence.api.bidirectional import Seen
    from confluence_to_twig.confluence.api.content import (
        Bodies,
        Container,
        Content,
        Count,
        Descendant,
        Kind,
        Listed,
    )
    from confluence_to_twig.confluence.api.restrictions import Readers, Restriction
    from confluence_to_twig.confluence.api.space import Space

#: Ids in one question about contents without their bodies: cheap, but they have to fit into an address.
IDS_AT_ONCE = 200
#: How deep one listing of a page tree goes.
DEEPEST_TREE = 10
#: Spaces that are looked through for an alias, or for a hint.
SPACES_FOR_A_HINT = 2_000


class ContentApi(Protocol):
    """The reading calls. Every method may raise the errors of :mod:`confluence_to_twig.confluence.api.errors`."""

    #: Base of the addresses that readers see: ``https://yourcompany.atlassian.net/wiki``.
    links_base: str
    #: How many people one request names.
    users_at_once: int
    #: Whether contents and comments bring the names of those who wrote them: then nobody is asked for before them.
    names_come_along: bool

    def find_space(self, key: str) -> Space | None:
        """The visible space with this key or alias."""

    def visible_spaces(self) -> list[Space]:
        """Spaces that the account sees, as far as it is worth listing them for a hint."""

    def all_spaces(self) -> list[Space]:
        """Every space that the account sees, personal and archived ones included."""

    def count(self, space: Space, kinds: Sequence[Kind]) -> Count:
        """How many current contents the account sees, as far as a few requests tell."""

    def archived(self, space: Space) -> Count | None:
        """How many archived pages the account sees, by one request; ``None`` where nobody tells."""

    def list_contents(self, space: Space, kind: Kind, seen: Seen | None = None) -> Listed:
        """All current contents, without bodies.

        :param seen: where a listing does not tell labels and restrictions, it is given the contents of each page of it at once.
        """

    def newest_first(self, spaces: Sequence[Space], kind: Kind) -> Iterator[list[Content]] | None:
        """Current contents of at most 100 spaces, without bodies, those modified last first, an answer at a time; ``None``
        where no listing can be ordered like that."""

    def descendants(self, content_id: str, kind: str) -> Iterator[Descendant] | None:
        """Everything current below a page or container, down to ``DEEPEST_TREE`` levels; ``None`` where nobody lists it."""

    def containers(self, refs: Mapping[str, str]) -> tuple[dict[str, Container], dict[str, str]]:
        """Folders and the like by id, and for each of the others why it could not be read.

        :param refs: id → type. One that fails costs none of the others.
        """

    def bodies(self, ids: Sequence[str], kind: Kind) -> Bodies:
        """Current contents with their storage bodies, at most 250. One attempt or two, no more."""

    def probe(self, content_id: str, kind: Kind) -> None:
        """Ask for a content without its body: a sign of life. Raises what asking raises."""

    def states(self, ids: Sequence[str], kind: Kind) -> dict[str, Content]:
        """Contents in whatever status they are, without bodies, at most ``IDS_AT_ONCE``; those not visible are left
        out."""

    def earlier_body(self, content_id: str, kind: Kind, version: int) -> str:
        """The storage body of a version that is not the current one."""

    def rendered(self, content_id: str, kind: Kind) -> str:
        """The body as the server renders it."""

    def labels(self, space: Space, kinds: Collection[Kind]) -> dict[str, tuple[str, ...]]:
        """Global labels of all contents of these kinds by id, sorted; contents without labels may be left out."""

    def labels_of(self, content_id: str, kind: Kind) -> tuple[str, ...]:
        """Global labels of one content."""

    def search(
        self, cql: str, expand: Sequence[str], limit: int, *, most: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """All hits of ``content/search`` in the shape of v1.

        :raises confluence_to_twig.confluence.api.paging.TooManyHitsError: at the first answer, when there are more than ``most``.
        """

    def search_total(self, cql: str) -> int | None:
        """How many hits a query has; ``None`` where nobody says."""

    def read_restriction(self, content_id: str, *, place: bool = False) -> Restriction | None:
        """The restriction of this level alone; ``None`` when it cannot be seen.

        :param place: ask where the content is as well, in the same request.
        """

    def space_readers(self, space: Space) -> Readers | None:
        """Who may read a space; ``UNRESTRICTED``: everybody who may use Confluence, ``None``: nobody tells."""

    def group_name(self, group_id: str) -> str | None:
        """What a group is called; ``None``: nobody tells."""

    def attachments_of(self, content_id: str, kind: Kind) -> list[Attachment]:
        """Current attachments of one content."""

    def comments_of(self, content_id: str, kind: Kind) -> list[Comment]:
        """Footer and inline comments of one content, and replies to them, with their bodies."""

    def user_names(self, ids: Sequence[str]) -> dict[str, str]:
        """Display names of at most :attr:`users_at_once` people; those whom nobody knows are left out."""

    def download(self, attachment: Attachment, max_bytes: int) -> bytes:
        """The bytes of an attachment."""
