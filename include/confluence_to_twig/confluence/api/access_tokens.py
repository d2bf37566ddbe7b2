"""OAuth 2.0 client credentials: access tokens of a service account, fetched when needed and renewed in time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from confluence_to_twig.confluence.api.answers import error_for, not_json, said_in
from confluence_to_twig.confluence.api.errors import BrokenAnswerError, UnauthorizedError
from confluence_to_twig.confluence.api.settings import DATA_CENTER_OAUTH
from confluence_to_twig.http.exchange import Answer, Request, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.confluence.api.settings import ConfluenceSettings

#: A token is renewed this long before it expires, or when four fifths of a short life are over: no request takes longer.
RENEWED_BEFORE = 60.0
#: Both documents say that tokens live an hour; what the answer says counts.
USUAL_LIFE = 3600.0
MAX_BYTES = 1024 * 1024


class _Issued(msgspec.Struct):
    access_token: str
    expires_in: float = USUAL_LIFE


class AccessTokens:
    """The access token in use. Thread-safe: one thread fetches, the others wait for it.

    :param send: one exchange without credentials, with the secrets taken out of what a refusal says.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: ConfluenceSettings,
        send: Callable[[Request], Answer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}

    def token_for(self, url: str) -> str:
        """A token for a request to ``url`` that holds for longer than one request takes.

        :raises UnauthorizedError: the client id and secret are not accepted. :raises TransientError: the endpoint fails.
        """
        endpoint = self._settings.token_endpoint(url)
        with self._lock:
            token, until = self._tokens.get(endpoint, ("", 0.0))
            if not token or self._clock() >= until:
                asked_at = self._clock()
                issued = self._fetch(endpoint)
                token = issued.access_token
                until = asked_at + issued.expires_in - min(RENEWED_BEFORE, issued.expires_in / 5)
                self._tokens[endpoint] = (token, until)
            return token

    def forget(self, token: str) -> None:
        """Fetch a new one next time: Confluence refused this one, whatever it promised to live."""
        with self._lock:
            self._tokens = {endpoint: known for endpoint, known in self._tokens.items() if known[0] != token}

    def _fetch(self, endpoint: str) -> _Issued:
        """Ask for a token: a form with the credentials in its body, as RFC 6749 (4.4.2, 2.3.1) has it.

        On Cloud the scopes were chosen with the credential; Data Center wants one in each request, and READ is the least
        (https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/).
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        if endpoint.endswith(DATA_CENTER_OAUTH):
            form["scope"] = "READ"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = unpacked(
            self._send(Request("POST", endpoint, data=urlencode(form).encode(), headers=headers, max_bytes=MAX_BYTES))
        )
        if answer.status in (400, 401, 403):
            raise _refused(endpoint, answer)
        if answer.status >= 300:
            raise error_for(answer)
        if answer.is_html:
            raise not_json(answer)
        try:
            return msgspec.json.decode(answer.body, type=_Issued)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # The text of the error could hold a part of the token.
            raise BrokenAnswerError(f"The answer for {answer.path} holds no access token") from error


def _refused(endpoint: str, answer: Answer) -> UnauthorizedError:
    said = f": {text}" if (text := said_in(answer)) else ""
    return UnauthorizedError(
        f"{answer.status} {answer.reason}: {urlsplit(endpoint).netloc} gives no access token for this client id and client "
        f"secret{said}",
        "Create a new OAuth 2.0 credential for the service account (Cloud: admin.atlassian.com, Directory, Service accounts; "
        "Data Center 10: its administration, with the scope READ), and enter its client id and client secret.",
    )
