"""What pages have besides their bodies, for one group of pages after the other.

Names of people, attachments and the text in them, comments, and bodies that only the server can render. Folder titles
and labels come from the inventory. None of this ends a run: what cannot be had is done without, named in a warning, and
noted with the page, so that the next run fetches it again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.extract.attachment_texts import AttachmentTexts
from confluence_to_twig.confluence.extract.attachments_and_comments import Attached, AttachmentsAndComments
from confluence_to_twig.confluence.extract.people import People
from confluence_to_twig.confluence.extract.references import needs_rendering, user_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.attached import Attachment, Comment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions
    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles

NAMES, ATTACHMENTS, TEXTS, COMMENTS, MACROS, EARLIER = (
    "names of people", "attachments", "texts of attachments", "comments", "rendered macros", "the text of the version before",
)  # fmt: skip


@dataclass(frozen=True)
class Decorations:
    """What one page has besides its body.

    :param attachments: by name.
    :param comments: open ones, oldest first.
    :param texts: extracted text by attachment id.
    :param view: the rendered body, for pages of little else than macros of the server.
    :param lacking: what could not be had this time: ``comments`` …
    """

    attachments: Sequence[Attachment] = ()
    comments: Sequence[Comment] = ()
    texts: dict[str, str] = field(default_factory=dict)
    view: str | None = None
    lacking: tuple[str, ...] = ()


class DecorationReader:
    """Reads them as the options ask. :attr:`people` knows the names of everybody whom the pages read so far mention.

    :param page_count: how many pages will be asked for in total; decides what is cheaper.
    :param unreadable: attached files that are not tried again.
    """

    def __init__(
        self,
        client: ConfluenceClient,
        spaces: Sequence[Space],
        account: Account,
        options: ExtractOptions,
        page_count: int,
        unreadable: UnreadableFiles,
    ) -> None:
        self.people = People(client)
        self._client = client
        self._account = account
        self._options = options
        self._attached = AttachmentsAndComments(
            client,
            spaces,
            attachments=options.attachments != "none",
            comments=options.comments,
            page_count=page_count,
        )
        self._texts = AttachmentTexts(client, account, options, unreadable)
        self._renderings = SideRequests(client.workers, MACROS)
        self._earlier = SideRequests(client.workers, EARLIER)
        self._requests = {
            NAMES: self.people.requests,
            ATTACHMENTS: self._attached.attachments,
            TEXTS: self._texts.downloads,
            COMMENTS: self._attached.comments,
            MACROS: self._renderings,
            EARLIER: self._earlier,
        }

    @contextmanager
    def looking_ahead(self, authors: Collection[str]) -> Iterator[Future[None]]:
        """While the first bodies are under way, ask what does not depend on them: it would keep the first group back."""
        with ThreadPoolExecutor(1, thread_name_prefix="look-ahead") as pool:
            self._attached.begin()
            yield pool.submit(self.people.look_up, () if self._client.api.names_come_along else authors)

    def with_text(self, contents: Sequence[Content]) -> list[Content]:
        """The contents, live docs that came empty with the text of the version before.

        The current version of a live doc may be read without its text
        (https://github.com/atlassian/atlassian-mcp-server/issues/192).
        """
        empty = {content.id: content for content in contents if content.live and not content.storage}
        wanted = [content.id for content in empty.values() if content.version > 1]

        def read(batch: Sequence[str]) -> tuple[str, str]:
            (content_id,) = batch
            content = empty[content_id]
            return content_id, self._client.api.earlier_body(content_id, content.kind, content.version - 1)

        texts = {content_id: text for content_id, text in self._earlier.ask(wanted, 1, read) if text}
        self._account.warnings += (
            f'A live doc came back empty: "{empty[key].title}" has the text of the version before.' for key in texts
        )
        return [replace(content, storage=texts[content.id]) if content.id in texts else content for content in contents]

    def read(self, contents: Sequence[Content], included: Sequence[Content]) -> dict[str, Decorations]:
        """The decorations of these pages by page id.

        :param included: pages that come along because others include them: of these only people are looked up.
        """
        attached = self._attached.read(contents)
        people = {content.id: _people(content, attached.get(content.id)) for content in (*contents, *included)}
        self.people.look_up(set().union(*people.values()))
        texts = self._texts.read(attached.values())
        views = self._rendered(contents)
        return {
            content.id: self._decorated(
                content, attached.get(content.id, Attached()), people[content.id], texts, views.get(content.id)
            )
            for content in contents
        }

    def close(self) -> None:
        """End what reads files. To be called, too, when the walk breaks off."""
        self._texts.close()

    def account(self) -> None:
        """Enter into the account what had to be done without."""
        for requests in self._requests.values():
            self._account.warnings += requests.warnings()

    def _decorated(
        self, content: Content, attached: Attached, people: set[str], texts: dict[str, str], view: str | None
    ) -> Decorations:
        own_texts = {found.id: texts[found.id] for found in attached.attachments if found.id in texts}
        about = {NAMES: people, TEXTS: {found.id for found in attached.attachments}}
        lacking = (name for name, requests in self._requests.items() if requests.lacks(about.get(name, {content.id})))
        return Decorations(attached.attachments, attached.comments, own_texts, view, tuple(lacking))

    def _rendered(self, contents: Sequence[Content]) -> dict[str, str]:
        if not self._options.render_macros:
            return {}
        wanted = {content.id: content.kind for content in contents if needs_rendering(content.storage or "")}
        render = self._client.api.rendered
        return dict(self._renderings.ask(wanted, 1, lambda ids: (ids[0], render(ids[0], wanted[ids[0]]))))


def _people(content: Content, attached: Attached | None) -> set[str]:
    people = {content.author_id or "", *user_ids(content.storage or "")}
    for comment in attached.comments if attached else ():
        people |= {comment.author_id or "", *user_ids(comment.storage)}
    return people - {""}
