"""OAuth 2.0 client credentials of service accounts: the token endpoints of Cloud and of Data Center 10.

Cloud: ``POST https://auth.atlassian.com/oauth/token`` with client id and secret gives a token for 60 minutes, which the gateway
takes as Bearer (https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/). Data
Center 10: a form to ``/rest/oauth2/latest/token``, ``scope`` included, gives one for usually an hour, without a refresh token
(https://confluence.atlassian.com/enterprise/service-accounts-overview-1627095923.html). The bodies of refusals are those of
RFC 6749, section 5.2; neither document prints any.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from sandbox.confluence.calls import json_answer
from sandbox.confluence.errors import ApiError
from sandbox.confluence.model import Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.confluence.calls import Answer
    from sandbox.confluence.site import Site
    from sandbox.confluence.store import Store

CLOUD_PATH = "/oauth/token"
DATA_CENTER_PATH = "/rest/oauth2/latest/token"
#: https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/
DATA_CENTER_SCOPES = ("READ", "WRITE", "ADMIN", "SYSTEM_ADMIN")


@dataclass(frozen=True)
class OAuthClient:
    """A credential of a service account. ``lifetime_s``: how long its access tokens live."""

    client_id: str
    client_secret: str
    account_id: str
    scopes: tuple[str, ...]
    lifetime_s: float = 3600


def issue(clients: Mapping[str, OAuthClient], store: Store, site: Site, body: bytes) -> Answer:
    """A new access token.

    :raises ApiError: 400 or 401 as RFC 6749 has them.
    """
    form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        raise ApiError(400, {"error": "unsupported_grant_type"})
    client = clients.get(form.get("client_id", ""))
    if client is None or not secrets.compare_digest(client.client_secret, form.get("client_secret", "")):
        raise ApiError(401, {"error": "invalid_client", "error_description": "Unknown client or wrong client secret"})
    asked = tuple(form.get("scope", "").split())
    if not site.is_cloud and (not asked or not set(asked) <= set(DATA_CENTER_SCOPES)):
        raise ApiError(400, {"error": "invalid_scope"})
    scopes = client.scopes if site.is_cloud else asked
    value = secrets.token_urlsafe(24)
    expires_at = site.now() + timedelta(seconds=client.lifetime_s)
    store.put(Token(value, client.account_id, "oauth", scopes, expires_at=expires_at))
    issued = {"access_token": value, "token_type": "Bearer", "expires_in": client.lifetime_s, "scope": " ".join(scopes)}
    return json_answer(issued, {"Cache-Control": "no-store"})


def access_token(store: Store, site: Site, secret: str) -> Token | None:
    """The access token that this is, if it still holds."""
    token = store.tokens.get(secret)
    if token is None or token.kind != "oauth" or token.state != "active":
        return None
    return token if token.expires_at is None or site.now() < token.expires_at else None
