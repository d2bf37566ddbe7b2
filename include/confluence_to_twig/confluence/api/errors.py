"""Every way in which Confluence says no, each with its own type so that retries and messages can tell them apart."""

from __future__ import annotations

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.http.errors import (
    AnswerTooLargeError,
    BrokenAnswerError,
    CertificateError,
    ClientClosedError,
    RateLimitedError,
    UnavailableError,
)

__all__ = [
    "AnswerTooLargeError",
    "BlockedOnTheWayError",
    "BrokenAnswerError",
    "BrokenListingError",
    "CertificateError",
    "ClientClosedError",
    "EndpointRemovedError",
    "ForbiddenError",
    "ForeignHostError",
    "IpNotAllowedError",
    "MissingScopeError",
    "NoProductAccessError",
    "NotConfluenceError",
    "NotFoundError",
    "RateLimitedError",
    "RedirectedError",
    "RejectedRequestError",
    "RestrictionsUnknownError",
    "SettingsError",
    "SpaceNotFoundError",
    "TokenBlockedError",
    "TokenExpiredError",
    "UnauthorizedError",
    "UnavailableError",
]


class SettingsError(PermanentError):
    """A field of the connection cannot be right: domain, e-mail, token or an extra."""


class UnauthorizedError(PermanentError):
    """401: wrong e-mail or token, a revoked token, or an answer as the anonymous user."""


class TokenExpiredError(UnauthorizedError):
    """401, and the token is past its expiry date."""


class MissingScopeError(PermanentError):
    """401 from the gateway: the token is good but lacks a scope; the summary names it."""


class ForbiddenError(PermanentError):
    """403 for any other reason than those below."""


class NoProductAccessError(ForbiddenError):
    """403: the account exists but may not use Confluence on this site."""


class IpNotAllowedError(ForbiddenError):
    """403: the site's IP allow-list does not contain the address this request came from."""


class TokenBlockedError(ForbiddenError):
    """403: a policy of the organisation blocks API tokens.

    https://support.atlassian.com/security-and-access-policies/docs/set-api-token-access/
    """


class BlockedOnTheWayError(ForbiddenError):
    """403 with a web page: something before Confluence refuses, such as a firewall."""


class NotFoundError(PermanentError):
    """404: not there, or not visible to this account; Confluence does not tell which."""


class SpaceNotFoundError(NotFoundError):
    """No visible space has this key."""


class EndpointRemovedError(PermanentError):
    """410: Atlassian has removed this endpoint."""


class RejectedRequestError(PermanentError):
    """400 and the other 4xx: the request itself is refused, for instance a cursor or a CQL query."""


class RedirectedError(PermanentError):
    """3xx: the address leads elsewhere. The token is never taken along."""


class NotConfluenceError(PermanentError):
    """A web page or something else came where Confluence sends JSON."""


class ForeignHostError(PermanentError):
    """A request would have left the configured hosts; it was not sent."""


class RestrictionsUnknownError(PermanentError):
    """Read restrictions cannot be checked, so nothing may be synced that skips restricted pages."""


class BrokenListingError(TransientError):
    """A listing that cannot be walked to its end: a repeated cursor, or pages without results that never end."""
