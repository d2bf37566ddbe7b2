"""The HTTP session: who signs in, over which proxies and certificates, and nothing that leaks."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, cast

import requests

from confluence_to_twig.http.session import NoAuth, prepared

if TYPE_CHECKING:
    from confluence_to_twig.confluence.api.settings import ConfluenceSettings


class WithoutSignatures(logging.Filter):
    """Keeps the parameters of addresses that are no API calls out of urllib3's DEBUG log: a download is redirected to
    an address that is signed, and whoever has it has the file."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_unsigned(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def _unsigned(text: str) -> str:
    return text if "/api/" in text else re.sub(r"\?.*", "?***", text)


WITHOUT_SIGNATURES = WithoutSignatures()


def open_session(settings: ConfluenceSettings) -> requests.Session:
    """The session of ``atlassian-python-api`` for these settings, with its credentials set.

    Only the session is taken from that library. Its own ``request`` reads answers without a bound on time or size,
    writes their whole text into the DEBUG log and follows redirects; :mod:`confluence_to_twig.http.exchange`
    sends instead. With an e-mail (or user name) that is Basic, else a Bearer personal access token; both keep
    ``.netrc`` out. Proxies and CA bundles come from the environment, as everywhere in Python.
    """
    from atlassian.rest_client import AtlassianRestAPI

    credentials = (
        {"username": settings.email, "password": settings.token} if settings.email else {"token": settings.token}
    )
    session = cast("requests.Session", AtlassianRestAPI(url=settings.site_url, **credentials).session)
    return prepared(session, settings.threads + 4)


def open_bare_session(settings: ConfluenceSettings) -> requests.Session:
    """A session without any credentials, for addresses that must not see them."""
    # Added with the first such session only; a logger takes the same filter but once.
    logging.getLogger("urllib3.connectionpool").addFilter(WITHOUT_SIGNATURES)
    session = requests.Session()
    session.auth = NoAuth()
    return prepared(session, settings.threads + 4)
