"""Finding out which Confluence this is, by which way the token works, and whom it belongs to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from confluence_to_twig.confluence.api.address import cloud_root
from confluence_to_twig.confluence.api.errors import (
    BrokenAnswerError,
    ClientClosedError,
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
from confluence_to_twig.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.confluence.api.settings import ConfluenceSettings
    from confluence_to_twig.confluence.api.transport import Transport
    from confluence_to_twig.http.retry import Patience

Via = Literal["site", "gateway", "datacenter"]
#: How long finding out whether this is Cloud is worth trying, where it need not be.
DETECTION_ATTEMPTS = 2
DETECTION_SECONDS = 20.0


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
        cloud_id, doubt = _detect_cloud(settings, transport)
        if cloud_id is None:
            return _at_data_center(settings, transport, doubt)
    elif deployment == "datacenter":
        return _at_data_center(settings, transport)
    if settings.client_secret:
        return _as_service_account(settings, transport, cloud_id)
    check_email(settings.email)
    try:
        return SignIn(*_current_user(f"{cloud_root(settings.site_url)}/wiki", transport), via="site")
    except (UnauthorizedError, ForbiddenError) as refused:
        if isinstance(refused, (IpNotAllowedError, TokenBlockedError)):
            raise
        return _through_gateway(settings, transport, cloud_id, refused)


def _detect_cloud(settings: ConfluenceSettings, transport: Transport) -> tuple[str | None, TransientError | None]:
    """The id of a Cloud site at an address that does not show it, or why there is no telling.

    No document says what Data Center, or a proxy before it, answers at an address of Cloud's: an error there is no
    reason not to try Data Center.
    """
    patience = transport.patience
    quick = replace(
        patience,
        attempts=min(DETECTION_ATTEMPTS, patience.attempts),
        seconds=min(DETECTION_SECONDS, patience.seconds),
    )
    try:
        return _find_cloud_id(settings, transport, quick), None
    except ClientClosedError:
        raise
    except TransientError as error:
        return None, error


def _at_data_center(settings: ConfluenceSettings, transport: Transport, doubt: TransientError | None = None) -> SignIn:
    """:param doubt: why it could not be found out that this is not Cloud: an outage, if it is no Data Center either."""
    transport.data_center = True
    try:
        user = _ask_who(settings.site_url, transport)
    except (NotFoundError, NotConfluenceError, RedirectedError) as error:
        if doubt is None:
            raise
        raise doubt from error
    if doubt is not None and user.get("accountId"):  # only users of Cloud have account ids
        raise doubt
    return SignIn(*_identity(user, transport), via="datacenter")


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
    return _identity(_ask_who(api_url, transport), transport)


def _ask_who(api_url: str, transport: Transport) -> dict[str, Any]:
    try:
        user = transport.get(f"{api_url}/rest/api/user/current")
    except NotFoundError as error:
        raise NotFoundError(
            f"404 Not Found: there is no Confluence at {api_url}",
            "Check the domain, and for a self-hosted Confluence its context path and the Deployment field.",
        ) from error
    if not isinstance(user, dict):
        raise BrokenAnswerError(f"{api_url}/rest/api/user/current answered without saying who asks")
    return user


def _identity(user: dict[str, Any], transport: Transport) -> tuple[str, str]:
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


def _find_cloud_id(settings: ConfluenceSettings, transport: Transport, patience: Patience | None = None) -> str | None:
    """Atlassian's id of a Cloud site, asked for without the token; ``None`` if this is not Cloud."""
    url = f"{cloud_root(settings.site_url)}/_edge/tenant_info"
    try:
        found = transport.get(url, authorized=False, patience=patience)
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
