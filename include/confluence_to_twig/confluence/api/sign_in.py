"""Finding out which Confluence this is, by which way the token works, and whom it belongs to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from confluence_to_twig.confluence.api.address import cloud_root
from confluence_to_twig.confluence.api.errors import (
    ForbiddenError,
    IpNotAllowedError,
    NotConfluenceError,
    NotFoundError,
    RedirectedError,
    RejectedRequestError,
    TokenBlockedError,
    TokenExpiredError,
    UnauthorizedError,
)
from confluence_to_twig.confluence.api.settings import check_email

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.confluence.api.settings import ConfluenceSettings
    from confluence_to_twig.confluence.api.transport import Transport

Via = Literal["site", "gateway", "datacenter"]


@dataclass(frozen=True)
class SignIn:
    """Who signed in, and which way. Holds no secret: it may travel between tasks as JSON.

    :param via: ``site`` (Cloud, token without scopes), ``gateway`` (Cloud, scoped token or OAuth 2.0) or ``datacenter``.
    :param cloud_id: Atlassian's id of the site; known only when the gateway is used.
    """

    account_id: str
    display_name: str
    via: Via
    cloud_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for XCom."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SignIn:
        """The reverse of :meth:`to_json`."""
        return cls(**values)

    def api_url(self, settings: ConfluenceSettings) -> str:
        """The base of all API addresses. Computed from the connection, so what a task hands on cannot redirect it."""
        if self.via == "gateway":
            return _gateway_url(settings, self.cloud_id or "")
        return settings.site_url if self.via == "datacenter" else f"{cloud_root(settings.site_url)}/wiki"


def sign_in(settings: ConfluenceSettings, transport: Transport) -> SignIn:
    """Prove the identity by ``user/current`` and find the way by which this token works.

    A token with scopes is refused by the site itself (401) and works through Atlassian's gateway only; a listing
    would not do as a proof, as a site that is open to the public answers wrong credentials as an anonymous visitor.
    Takes 1 request, 2 on a domain that does not show whether it is Cloud, 3 through the gateway.

    :raises UnauthorizedError: and the other errors of :mod:`confluence_to_twig.confluence.api.errors`, each with its remedy.
    """
    try:
        return _sign_in(settings, transport)
    except UnauthorizedError as error:
        expired_on = settings.token_expires_on
        if expired_on is None or expired_on >= datetime.now(UTC).date() or isinstance(error, TokenExpiredError):
            raise
        raise TokenExpiredError(
            f"401 Unauthorized: the API token expired on {expired_on}", transport.advice.credentials
        ) from error


def _sign_in(settings: ConfluenceSettings, transport: Transport) -> SignIn:
    cloud_id: str | None = None
    deployment = settings.deployment
    if deployment == "auto" and not settings.is_cloud:
        cloud_id = _find_cloud_id(settings, transport)
        deployment = "cloud" if cloud_id else "datacenter"
    transport.data_center = deployment == "datacenter"
    if transport.data_center:
        return SignIn(*_current_user(settings.site_url, transport), via="datacenter")
    if settings.client_secret:
        return _as_service_account(settings, transport, cloud_id)
    check_email(settings.email)
    try:
        return SignIn(*_current_user(f"{cloud_root(settings.site_url)}/wiki", transport), via="site")
    except (UnauthorizedError, ForbiddenError) as refused:
        if isinstance(refused, (IpNotAllowedError, TokenBlockedError)):
            raise
        return _through_gateway(settings, transport, cloud_id, refused)


def _as_service_account(settings: ConfluenceSettings, transport: Transport, cloud_id: str | None) -> SignIn:
    """Access tokens of client credentials are good for the gateway only."""
    cloud_id = cloud_id or _find_cloud_id(settings, transport)
    if cloud_id is None:
        raise NotFoundError(
            f"404 Not Found: {settings.site_url} does not say which Cloud site it is",
            "Check the domain; for a self-hosted Confluence set Deployment to datacenter.",
        )
    return SignIn(*_current_user(_gateway_url(settings, cloud_id), transport), via="gateway", cloud_id=cloud_id)


def _through_gateway(
    settings: ConfluenceSettings,
    transport: Transport,
    cloud_id: str | None,
    refused: UnauthorizedError | ForbiddenError,
) -> SignIn:
    cloud_id = cloud_id or _find_cloud_id(settings, transport)
    if cloud_id is None:
        raise refused
    try:
        account_id, name = _current_user(_gateway_url(settings, cloud_id), transport)
    except (UnauthorizedError, NotFoundError):
        # Refused on both ways: what the site said is the plainer message.
        raise refused from None
    return SignIn(account_id, name, via="gateway", cloud_id=cloud_id)


def _current_user(api_url: str, transport: Transport) -> tuple[str, str]:
    try:
        user = transport.get(f"{api_url}/rest/api/user/current")
    except NotFoundError as error:
        raise NotFoundError(
            f"404 Not Found: there is no Confluence at {api_url}",
            "Check the domain, and for a self-hosted Confluence its context path and the Deployment field.",
        ) from error
    account_id = user.get("accountId") or user.get("userKey") or user.get("username")
    if user.get("type") == "anonymous" or not account_id:
        raise UnauthorizedError(
            "401 Unauthorized: Confluence does not know these credentials and answers as to an anonymous visitor",
            transport.advice.credentials,
        )
    return str(account_id), str(user.get("displayName") or user.get("publicName") or account_id)


def prove_again(settings: ConfluenceSettings, transport: Transport, before: SignIn) -> None:
    """Make sure that Confluence still takes the token for the same account. Takes 1 request.

    A token that was revoked meanwhile, on a site that is open to the public, sees less than before and no error.

    :raises UnauthorizedError: it does not.
    """
    account_id, name = _current_user(before.api_url(settings), transport)
    if account_id != before.account_id:
        raise UnauthorizedError(
            f"401 Unauthorized: this run began as {before.display_name} and is now answered as {name}",
            "Nothing was deleted. Check which account the connection's token belongs to, and run again.",
        )


def _find_cloud_id(settings: ConfluenceSettings, transport: Transport) -> str | None:
    """Atlassian's id of a Cloud site, asked for without the token; ``None`` if this is not Cloud."""
    url = f"{cloud_root(settings.site_url)}/_edge/tenant_info"
    try:
        found = transport.get(url, authorized=False)
    except (
        NotFoundError,
        NotConfluenceError,
        RedirectedError,
        RejectedRequestError,
        UnauthorizedError,
        ForbiddenError,
    ):
        return None
    cloud_id = found.get("cloudId") if isinstance(found, dict) else None
    return str(cloud_id) if cloud_id else None


def _gateway_url(settings: ConfluenceSettings, cloud_id: str) -> str:
    return f"{settings.gateway_url}/ex/confluence/{cloud_id}/wiki"
