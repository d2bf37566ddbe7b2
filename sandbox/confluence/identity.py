"""Who is calling: Basic e-mail and token, Bearer personal access token or access token, on the site's host or the gateway."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.confluence import errors
from sandbox.confluence.oauth import access_token

if TYPE_CHECKING:
    from sandbox.confluence.model import Token, User
    from sandbox.confluence.site import Site
    from sandbox.confluence.store import Store


@dataclass(frozen=True)
class Caller:
    """``user`` None is anonymous."""

    user: User | None
    token: Token | None = None


ANONYMOUS = Caller(None)


@dataclass(frozen=True)
class Credentials:
    """What an Authorization header carries. ``kind``: "none", "basic", "bearer" or "other"."""

    kind: str
    login: str = ""
    secret: str = ""


def read_credentials(authorization: str | None) -> Credentials:
    """Take the header apart; anything unreadable is of kind "other"."""
    if not authorization:
        return Credentials("none")
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return Credentials("bearer", secret=rest.strip())
    if scheme.lower() != "basic":
        return Credentials("other")
    try:
        login, colon, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Credentials("other")
    return Credentials("basic", login, secret) if colon else Credentials("other")


def sign_in(store: Store, site: Site, authorization: str | None, *, gateway: bool, api_v2: bool) -> Caller:
    """The caller of a request.

    Tokens without scopes belong to the site, tokens with scopes to the gateway:
    https://support.atlassian.com/confluence/kb/scoped-api-tokens-in-confluence-cloud

    :raises ApiError: 401 for credentials that do not hold here, 403 for a user or address without access.
    """
    if not site.address_allowed:
        raise errors.address_not_allowed(site.allow_list_words)
    credentials = read_credentials(authorization)
    if not site.is_cloud:
        return _sign_in_datacenter(store, site, credentials)
    token = _matching_token(store, credentials) if credentials.kind == "basic" else None
    if gateway:
        token = token or access_token(store, site, credentials.secret)
        if token is None:
            raise errors.gateway_unauthorized()
    elif token is None or token.kind != "unscoped":
        if site.anonymous_access:
            return ANONYMOUS
        raise errors.site_unauthorized(api_v2)
    if site.tokens_blocked and token.kind != "oauth":
        raise errors.tokens_blocked()
    user = store.users[token.account_id]
    if not user.product_access:
        raise errors.no_product_access()
    return Caller(user, token)


def _sign_in_datacenter(store: Store, site: Site, credentials: Credentials) -> Caller:
    """Data Center answers a wrong personal access token as an anonymous visitor, a wrong password with 401.

    https://community.atlassian.com/t5/Confluence-questions/Identify-incorrect-Personal-Access-Token/qaq-p/2094301
    """
    if credentials.kind == "basic":
        token = _matching_token(store, credentials)
        if token is None:
            raise errors.datacenter_unauthorized()
    else:
        token = store.tokens.get(credentials.secret) if credentials.kind == "bearer" else None
        if token is not None and token.kind == "oauth" and access_token(store, site, credentials.secret) is None:
            raise errors.datacenter_unauthorized()  # an assumption: no document says what an expired one is answered
        if token is None or token.state != "active":
            return ANONYMOUS
    user = store.users[token.account_id]
    if not user.product_access:
        raise errors.no_product_access()
    return Caller(user, token)


def _matching_token(store: Store, credentials: Credentials) -> Token | None:
    token = store.tokens.get(credentials.secret)
    if token is None or token.state != "active":
        return None
    user = store.users[token.account_id]
    logins = {user.email.casefold(), user.account_id.casefold(), user.email.partition("@")[0].casefold()}
    return token if credentials.login.casefold() in logins else None


def require_scope(caller: Caller, any_of: tuple[str, ...]) -> None:
    """A scoped token needs one of the endpoint's scopes.

    :raises ApiError: 401 with the gateway's own body and ``X-Failure-Category``.
    """
    token = caller.token
    if token and token.kind in ("scoped", "oauth") and any_of and not set(any_of) & set(token.scopes):
        raise errors.scope_mismatch()
