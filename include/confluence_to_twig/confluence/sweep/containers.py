"""Folders, databases, whiteboards and smart links above pages, in as few requests as Confluence allows.

Anybody may move one below a restricted page at any time, and no listing shows it. So each sweep asks anew where each one is
and who may read it: what an earlier run saw decides nothing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.cql import with_ids
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.labels import EXPAND_TOLD, Told
from confluence_to_twig.confluence.api.side_requests import SideRequests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Container, Content

#: So many containers may cost two requests each: finding out how one would do takes about as many.
FEW = 5
#: So many are asked for while search is: where it does not know them, they cost two requests each, and the sweep one wait less.
AT_ONCE = 20
SEARCH_LIMIT = 250
NOT_FOUND = "404 Not Found"


class ContainerReader:
    """Reads containers for one sweep.

    Where they are takes one request each. Who may read them comes along in one of two ways, or takes another request each
    (no document promises either way, so both are tried): a search for 200 ids may find them, and the restriction request
    may tell the place as well.

    :param contents: the listed contents by id.
    """

    def __init__(self, client: ConfluenceClient, contents: Mapping[str, Content]) -> None:
        #: Restrictions that were told along the way.
        self.told = Told()
        #: Id → why a restriction request tells nothing of it. It need not be asked again in this sweep.
        self.untold: dict[str, str] = {}
        self._client = client
        self._contents = contents
        self._requests = SideRequests(client.workers, "restrictions", "Container")
        self._tells_place: bool | None = None

    def read(self, types: Mapping[str, str], *, restrictions: bool) -> tuple[dict[str, Container], dict[str, str]]:
        """Containers by id, and for each of the others why it could not be read.

        :param types: id → type.
        :param restrictions: whether their restrictions matter; then these are asked for where that saves requests.
        """
        found: dict[str, Container] = {}
        if restrictions and FEW < len(types) <= AT_ONCE:
            with ThreadPoolExecutor(1, thread_name_prefix="containers") as pool:
                searched = pool.submit(self._search, types)
                by_id, unreadable = self._client.api.containers(types)
                searched.result()
            return by_id, unreadable
        if restrictions and len(types) > FEW:
            self._search(types)
            rest = types.keys() - self.told.readers.keys()
            if len(rest) > FEW and self._place_is_told():
                found = self._ask_by_type({key: types[key] for key in sorted(rest)})
        by_id, unreadable = self._client.api.containers({key: types[key] for key in types if key not in found})
        return found | by_id, unreadable

    def _search(self, ids: Iterable[str]) -> None:
        """Take the restrictions that search tells, if it finds containers at all. A search that fails tells none."""

        def read(batch: Sequence[str]) -> None:
            asked = set(batch)
            for item in self._client.api.search(with_ids(batch), EXPAND_TOLD, SEARCH_LIMIT):
                if isinstance(item, dict) and (container_id := str(item.get("id"))) in asked:
                    self.told.note(container_id, item)

        SideRequests(self._client.workers, "restrictions", "Container").ask(ids, IDS_AT_ONCE, read)

    def _place_is_told(self) -> bool:
        """Whether the restriction request tells where a content is, containers included.

        Tried on a listed page below a container of each type: the listing says where that page is.
        """
        if self._tells_place is None:
            below = {
                node.parent_type: node for node in self._contents.values() if node.parent_type not in (None, "page")
            }
            places = self._ask([node.id for node in below.values()])
            self._tells_place = bool(below) and all(
                node.id in places
                and (places[node.id].parent_id, places[node.id].parent_type) == (node.parent_id, node.parent_type)
                for node in below.values()
            )
        return self._tells_place

    def _ask_by_type(self, types: Mapping[str, str]) -> dict[str, Container]:
        """Ask for restriction and place in one request each. A type of which the first few are not known is given up."""
        found: dict[str, Container] = {}
        for kind in sorted(set(types.values())):
            ids = [key for key in types if types[key] == kind]
            found |= self._ask(ids[:FEW])
            if all(self.untold.get(key) == NOT_FOUND for key in ids[:FEW]):
                self.untold |= dict.fromkeys(ids, NOT_FOUND)
            else:
                found |= self._ask(ids[FEW:])
        return found

    def _ask(self, ids: Iterable[str]) -> dict[str, Container]:
        def read(batch: Sequence[str]) -> Container | None:
            (content_id,) = batch
            told = self._client.api.read_restriction(content_id, place=True)
            if told is None:
                self.untold[content_id] = NOT_FOUND
                return None
            self.told.readers[content_id] = told.readers
            return told.place

        places = self._requests.ask(ids, 1, read)
        if not self._requests.not_permitted:
            self.untold |= self._requests.failed
        return {place.id: place for place in places if place is not None}
