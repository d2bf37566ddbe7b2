"""What the sweep and the extraction need of Confluence, whichever of its two APIs answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from include.confluence.errors import BrokenAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from include.confluence.attached import Attachment, Comment
    from include.confluence.both_ends import Walked
    from include.confluence.content import Container, Content, Kind
    from include.confluence.restrictions import Readers
    from include.confluence.space import Space

#: Ids in one request. 100 bodies stay clear of the time-outs that larger answers meet; ids alone are cheap, but have
#: to fit into an address.
BODIES_AT_ONCE = 100
IDS_AT_ONCE = 200


@dataclass(frozen=True)
class Listed:
    """What a walk through a space brought.

    :param contents: by id.
    :param problems: why it is not complete; empty for a walk that provably saw everything.
    """

    contents: dict[str, Content]
    problems: tuple[str, ...] = ()


def listed(walked: Walked, read: Callable[[dict[str, Any]], Content]) -> Listed:
    """Read what a walk brought. An item that cannot be read makes the listing incomplete, it does not end it."""
    contents: dict[str, Content] = {}
    problems = list(walked.problems)
    for item in walked.items.values():
        try:
            content = read(item)
        except BrokenAnswerError as error:
            problems.append(error.summary)
        else:
            contents[content.id] = content
    return Listed(contents, tuple(problems))


class ContentApi(Protocol):
    """The reading calls. Every method may raise the errors of :mod:`include.confluence.errors`."""

    #: Base of the addresses that readers see: ``https://yourcompany.atlassian.net/wiki``.
    links_base: str

    def find_space(self, key: str) -> Space | None:
        """The visible space with this key or alias."""

    def visible_spaces(self) -> list[Space]:
        """Spaces that the account sees, as far as it is worth listing them for a hint."""

    def count(self, space: Space, kinds: Sequence[Kind]) -> int:
        """How many current contents the account sees."""

    def list_contents(self, space: Space, kind: Kind) -> Listed:
        """All current contents, without bodies."""

    def containers(self, refs: Mapping[str, str]) -> dict[str, Container]:
        """Folders and the like by id; ``refs`` maps id to type. Those that cannot be seen are left out."""

    def bodies(self, ids: Sequence[str], kind: Kind) -> list[Content]:
        """Current contents with their storage bodies, at most ``BODIES_AT_ONCE``. One attempt or two, no more."""

    def probe(self, content_id: str, kind: Kind) -> None:
        """Ask for a content without its body: a sign of life. Raises what asking raises."""

    def states(self, ids: Sequence[str], kind: Kind) -> dict[str, Content]:
        """Contents in whatever status they are, without bodies, at most ``IDS_AT_ONCE``; those not visible are left
        out."""

    def rendered(self, content_id: str, kind: Kind) -> str:
        """The body as the server renders it."""

    def labels(self, space: Space, kinds: Collection[Kind]) -> dict[str, tuple[str, ...]]:
        """Global labels of all contents of these kinds by id, sorted; contents without labels may be left out."""

    def labels_of(self, content_id: str, kind: Kind) -> tuple[str, ...]:
        """Global labels of one content."""

    def search(self, cql: str, expand: Sequence[str], limit: int) -> Iterator[dict[str, Any]]:
        """All hits of ``content/search`` in the shape of v1."""

    def search_total(self, cql: str) -> int:
        """How many hits a query has."""

    def read_restriction(self, content_id: str) -> Readers | None:
        """The restriction of this level alone; ``None`` when it cannot be seen."""

    def attachments_of(self, content_id: str, kind: Kind) -> list[Attachment]:
        """Current attachments of one content."""

    def comments_of(self, content_id: str, kind: Kind) -> list[Comment]:
        """Footer and inline comments of one content, and replies to them, with their bodies."""

    def user_names(self, ids: Sequence[str]) -> dict[str, str]:
        """Display names; ids that nobody knows are left out."""

    def download(self, attachment: Attachment, max_bytes: int) -> bytes:
        """The bytes of an attachment."""
