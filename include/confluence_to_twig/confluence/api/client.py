"""The one object through which tasks read Confluence."""

from __future__ import annotations

import difflib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.address import cloud_root
from confluence_to_twig.confluence.api.cloud import CloudApi
from confluence_to_twig.confluence.api.content import KINDS
from confluence_to_twig.confluence.api.datacenter import DataCenterApi
from confluence_to_twig.confluence.api.errors import SpaceNotFoundError
from confluence_to_twig.confluence.api.sign_in import SignIn, prove_again, sign_in
from confluence_to_twig.confluence.api.transport import Transport
from confluence_to_twig.confluence.api.workers import Workers
from confluence_to_twig.sources.space_key import check_space_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from confluence_to_twig.confluence.api.content import Count, Kind
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.api.settings import ConfluenceSettings
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.http.retry import Patience

NEAR_MATCHES = 5


class ConfluenceClient:
    """Reads one Confluence as one account. Thread-safe; no I/O until the first call; a context manager.

    :param settings: from the connection.
    :param signed_in: what :meth:`sign_in` returned in an earlier task (or its JSON): saves finding it out again.
    :param patience: how long requests are worth trying.
    """

    def __init__(
        self,
        settings: ConfluenceSettings,
        *,
        signed_in: SignIn | Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.settings = settings
        self.workers = Workers(settings.threads)
        self._transport = Transport(settings, (settings.site_url, settings.gateway_url), patience=patience)
        self._signed_in = signed_in if isinstance(signed_in, SignIn | None) else SignIn.from_json(signed_in)
        self._transport.proven = self._signed_in is not None
        self._transport.data_center |= self._signed_in is not None and self._signed_in.via == "datacenter"
        self._api: ContentApi | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> ConfluenceClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let no further request start, and end what is under way."""
        self._transport.stop()
        self.workers.close()
        self._transport.close()

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeated ones included."""
        return self._transport.requests_made

    @property
    def seconds_waited(self) -> float:
        """How long requests waited for rate limits and between faults, in seconds."""
        return self._transport.pace.seconds_waited

    @property
    def requests_refused(self) -> int:
        """Requests that Confluence refused because of a rate limit (429)."""
        return self._transport.pace.refusals

    def sign_in(self) -> SignIn:
        """Prove the identity once; later calls return what was found.

        :raises confluence_to_twig.confluence.api.errors.UnauthorizedError: and others, each with its remedy.
        """
        with self._lock:
            if self._signed_in is None:
                self._signed_in = sign_in(self.settings, self._transport)
                self._transport.proven = True
            return self._signed_in

    def prove_again(self) -> None:
        """Make sure that all answers so far were given to the account that signed in: call it before trusting absence.

        :raises confluence_to_twig.confluence.api.errors.UnauthorizedError: they may not have been.
        """
        prove_again(self.settings, self._transport, self.sign_in())

    @property
    def api(self) -> ContentApi:
        """The calls of the API that this Confluence has; signs in first if that has not happened."""
        signed_in = self.sign_in()
        with self._lock:
            if self._api is None:
                url = signed_in.api_url(self.settings)
                if signed_in.via == "datacenter":
                    self._api = DataCenterApi(self._transport, self.workers, url, self.settings.base_url)
                else:
                    self._api = self._cloud_api(url)
            return self._api

    def _cloud_api(self, api_url: str) -> CloudApi:
        links_base = self.settings.base_url or f"{cloud_root(self.settings.site_url)}/wiki"
        return CloudApi(self._transport, self.workers, api_url, links_base)

    def space(self, key: str) -> Space:
        """The space with this key, or with this key as its alias after a rename.

        :raises SpaceNotFoundError: naming near matches that the account can see.
        :raises confluence_to_twig.sources.space_key.SpaceKeyError: when this cannot be a key.
        """
        key = check_space_key(key)
        at_once = self._signed_in is None and self.settings.is_cloud and not self.settings.client_secret
        found = self._space_while_signing_in(key) if at_once else self.api.find_space(key)
        if found is None:
            raise _space_not_found(key, self.api.visible_spaces())
        return found

    def _space_while_signing_in(self, key: str) -> Space | None:
        """Ask for identity and space at the same time.

        The space counts only if the identity is proven, and the token turns out to work on the site itself.
        """
        on_site = self._cloud_api(f"{cloud_root(self.settings.site_url)}/wiki")
        with ThreadPoolExecutor(1, thread_name_prefix="space") as pool:
            asked = pool.submit(on_site.find_space, key)
            signed_in = self.sign_in()
        return asked.result() if signed_in.via == "site" else self.api.find_space(key)

    def count(self, space: Space, kinds: Sequence[Kind] = KINDS) -> Count:
        """How many current pages and blog posts of the space the account sees, for a sentence.

        One listing request a kind, exact up to 250 contents each, and at the same time one to the search index (which may lag
        behind by seconds), which counts beyond that; where it does not tell, "more than" what was listed.
        """
        return self.api.count(space, kinds)


def _space_not_found(key: str, spaces: list[Space]) -> SpaceNotFoundError:
    summary = f'Space not found: "{key}"'
    if not spaces:
        return SpaceNotFoundError(
            summary, "This account sees no space at all: ask a space admin to give it the permission to view the space."
        )
    near = _near(key, spaces)
    if not near:
        return SpaceNotFoundError(
            summary,
            "The key is case-sensitive; it stands in the address of the space. "
            f"The account sees {len(spaces)} spaces, none with a similar key: it may lack the permission to view it.",
        )
    named = ", ".join(f'"{space.key}" ({space.name})' for space in near)
    return SpaceNotFoundError(summary, f"The key is case-sensitive. Did you mean {named}?")


def _near(key: str, spaces: list[Space]) -> list[Space]:
    by_text: dict[str, Space] = {}
    for space in spaces:
        for text in (space.key, space.alias, space.name):
            if text:
                by_text.setdefault(text.casefold(), space)
    texts = difflib.get_close_matches(key.casefold(), by_text, n=NEAR_MATCHES, cutoff=0.6)
    return list(dict.fromkeys(by_text[text] for text in texts))
