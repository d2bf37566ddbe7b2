"""What pages have besides their bodies, for one group of pages after the other.

Names of people, attachments and the text in them, comments, and bodies that only the server can render. Folder titles
and labels come from the inventory.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import NotFoundError, UnavailableError
from confluence_to_twig.confluence.extract.attachment_texts import AttachmentTexts
from confluence_to_twig.confluence.extract.attachments_and_comments import AttachmentsAndComments
from confluence_to_twig.confluence.extract.people import People
from confluence_to_twig.confluence.extract.references import needs_rendering, user_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.attached import Attachment, Comment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.attachments_and_comments import Attached
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions


@dataclass(frozen=True)
class Decorations:
    """What one page has besides its body.

    :param attachments: by name.
    :param comments: open ones, oldest first.
    :param texts: extracted text by attachment id.
    :param view: the rendered body, for pages of little else than macros of the server.
    """

    attachments: Sequence[Attachment] = ()
    comments: Sequence[Comment] = ()
    texts: dict[str, str] = field(default_factory=dict)
    view: str | None = None


class DecorationReader:
    """Reads them as the options ask. :attr:`people` knows the names of everybody whom the pages read so far mention.

    :param page_count: how many pages will be asked for in total; decides what is cheaper.
    """

    def __init__(
        self, client: ConfluenceClient, space: Space, account: Account, options: ExtractOptions, page_count: int
    ) -> None:
        self.people = People(client.api)
        self._client = client
        self._account = account
        self._options = options
        self._attached = AttachmentsAndComments(
            client,
            space,
            attachments=options.attachments != "none",
            comments=options.comments,
            page_count=page_count,
        )
        self._texts = AttachmentTexts(client, account, options)

    @contextmanager
    def looking_ahead(self, authors: Collection[str]) -> Iterator[Future[None]]:
        """While the first bodies are under way, ask what does not depend on them: it would keep the first group back."""
        with ThreadPoolExecutor(1, thread_name_prefix="look-ahead") as pool:
            self._attached.begin()
            yield pool.submit(self.people.look_up, authors)

    def read(self, contents: Sequence[Content], included: Sequence[Content]) -> dict[str, Decorations]:
        """The decorations of these pages by page id.

        :param included: pages that come along because others include them: of these only people are looked up.
        """
        attached = self._attached.read(contents)
        self.people.look_up(_people(contents, included, attached.values()))
        texts = self._texts.read(attached.values())
        views = self._rendered(contents)
        return {
            content.id: Decorations(
                attached[content.id].attachments if content.id in attached else (),
                attached[content.id].comments if content.id in attached else (),
                texts,
                views.get(content.id),
            )
            for content in contents
        }

    def close(self) -> None:
        """Enter into the account what concerns no single page."""
        if self.people.problem:
            self._account.warnings.append(self.people.problem)

    def _rendered(self, contents: Sequence[Content]) -> dict[str, str]:
        if not self._options.render_macros:
            return {}

        def render(content: Content) -> str | None:
            try:
                return self._client.api.rendered(content.id, content.kind)
            except (UnavailableError, NotFoundError) as error:
                self._account.warnings.append(f"Page {content.id} could not be rendered: {error.summary}")
                return None

        wanted = [content for content in contents if needs_rendering(content.storage or "")]
        views = self._client.workers.map(render, wanted)
        return {content.id: view for content, view in zip(wanted, views, strict=True) if view is not None}


def _people(contents: Sequence[Content], included: Sequence[Content], attached: Iterable[Attached]) -> set[str]:
    people = {content.author_id for content in contents}
    for content in (*contents, *included):
        people |= user_ids(content.storage or "")
    for found in attached:
        for comment in found.comments:
            people |= {comment.author_id, *user_ids(comment.storage)}
    return {person for person in people if person}
