"""What a connection says, checked and brought into one form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import urlsplit

from confluence_to_twig.confluence.api.address import (
    check_address,
    check_is_a_site,
    gateway_root,
    is_loopback,
    normalize_site,
    public_base,
)
from confluence_to_twig.confluence.api.errors import SettingsError
from confluence_to_twig.sources.cloud_domains import is_cloud_host
from confluence_to_twig.sources.space_key import check_space_key

if TYPE_CHECKING:
    from collections.abc import Mapping

Deployment = Literal["auto", "cloud", "datacenter"]
GATEWAY_URL = "https://api.atlassian.com"
CLOUD_OAUTH = "https://auth.atlassian.com/oauth/token"
DATA_CENTER_OAUTH = "/rest/oauth2/latest/token"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class ConfluenceSettings:
    """Where Confluence is and who signs in.

    :param site_url: ``https://yourcompany.atlassian.net``, or the base URL of a self-hosted Confluence.
    :param email: e-mail of the account; on Data Center a user name, or empty for a personal access token.
    :param token: API token, personal access token or (Data Center with a user name) password.
    :param verify: whether TLS certificates are checked, or the path of a CA bundle.
    :param timeout_seconds: upper bound for one request, from the first byte sent to the last byte read.
    :param threads: requests under way at the same time.
    :param requests_per_second: requests that all processes together start in a second, with ``pool_slots`` processes at
        once; None: as many as Confluence admits.
    :param pool_slots: slots of the Airflow pool in which the tasks run that read this Confluence. Airflow tells a task
        nothing of its pool.
    :param client_id: id of an OAuth 2.0 credential of a service account, instead of e-mail and token.
    :param client_secret: what belongs to it.
    :param base_url: where readers find the site, when that is not ``site_url``; only addresses in texts are made of it.
    :param token_url: where access tokens for it come from, when that is not where the documents say.
    """

    site_url: str
    email: str
    token: str = field(repr=False)
    deployment: Deployment = "auto"
    gateway_url: str = GATEWAY_URL
    verify: bool | str = True
    token_expires_on: date | None = None
    space_key: str | None = None
    timeout_seconds: float = 60.0
    threads: int = 8
    requests_per_second: float | None = None
    pool_slots: int = 1
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_url: str = ""
    base_url: str = ""

    @property
    def share_per_second(self) -> float | None:
        """Requests that this process may start in a second; None: no bound."""
        return self.requests_per_second and self.requests_per_second / self.pool_slots

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(secret for secret in (self.token, self.client_secret) if secret)

    def token_endpoint(self, url: str) -> str:
        """Where the access token for a request to ``url`` comes from.

        Cloud: https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/
        Data Center 10: https://confluence.atlassian.com/enterprise/service-accounts-overview-1627095923.html
        """
        if self.token_url:
            return self.token_url
        gateway = url.startswith(f"{self.gateway_url}/ex/confluence/")
        return CLOUD_OAUTH if gateway else f"{self.site_url}{DATA_CENTER_OAUTH}"

    @property
    def is_cloud(self) -> bool:
        """Whether it is certain, before the first request, that this is Confluence Cloud."""
        host = urlsplit(self.site_url).hostname or ""
        return self.deployment == "cloud" or (self.deployment == "auto" and is_cloud_host(host))

    @classmethod
    def from_fields(
        cls,
        host: str | None,
        login: str | None,
        password: str | None,
        extra: Mapping[str, Any] | None = None,
        *,
        scheme: str | None = None,
        port: int | None = None,
    ) -> ConfluenceSettings:
        """Read the fields of an Airflow connection.

        :raises SettingsError: naming the field, what is wrong with it and what to enter instead.
        """
        extra = extra or {}
        deployment = _deployment(extra)
        check_is_a_site(host or "")
        check_is_a_site(_text(extra, "base_url"), "base URL")
        site_url = normalize_site(host or "", scheme=scheme or "", port=port)
        hostname = urlsplit(site_url).hostname or ""
        if deployment != "datacenter" and "." not in hostname and not is_loopback(hostname) and ":" not in hostname:
            raise SettingsError(
                f'The domain "{hostname}" is only a part of one.',
                f'Enter it whole, such as "{hostname}.atlassian.net". '
                'For a self-hosted Confluence with such a name set Deployment to "datacenter".',
            )
        email = (login or "").strip()
        client_id, client_secret = _client(extra, password)
        if client_secret:
            email = ""
        elif deployment == "cloud" or is_cloud_host(hostname):
            check_email(email)
        return cls(
            site_url=site_url,
            email=email,
            token="" if client_secret else _token(password),
            deployment=deployment,
            gateway_url=gateway_root(_text(extra, "gateway_url") or GATEWAY_URL),
            verify=_verify(extra.get("verify")),
            token_expires_on=_expiry(_text(extra, "token_expires_on")),
            space_key=check_space_key(key) if (key := _text(extra, "space_key")) else None,
            timeout_seconds=_number(extra, "timeout_seconds", 60, low=1, high=600),
            threads=int(_number(extra, "threads", 8, low=1, high=32)),
            requests_per_second=_number(extra, "requests_per_second", 0, low=0, high=1_000) or None,
            pool_slots=int(_number(extra, "pool_slots", 1, low=1, high=1_000)),
            client_id=client_id,
            client_secret=client_secret,
            token_url=check_address(url, "token address") if (url := _text(extra, "token_url")) else "",
            base_url=public_base(base) if (base := _text(extra, "base_url")) else "",
        )


def check_email(email: str) -> None:
    """Raise :class:`SettingsError` when Cloud could not know an account by this e-mail."""
    if not email:
        raise SettingsError(
            "The e-mail is empty.", "Enter the e-mail of the account that the API token belongs to, as the login."
        )
    if not _EMAIL.fullmatch(email):
        raise SettingsError(
            f'The e-mail "{email}" is not one.',
            "Enter the e-mail of the account that the API token belongs to. "
            "A service account has one too: it ends with @serviceaccount.atlassian.com.",
        )


def _client(extra: Mapping[str, Any], password: str | None) -> tuple[str, str]:
    client_id, client_secret = _text(extra, "client_id"), _text(extra, "client_secret")
    if bool(client_id) != bool(client_secret):
        missing = "client secret" if client_id else "client id"
        raise SettingsError(
            f"The {missing} is empty.",
            "An OAuth 2.0 credential of a service account has a client id and a client secret: enter both, or neither.",
        )
    if client_secret and (password or "").strip():
        raise SettingsError(
            "The connection has an API token and a client secret.",
            "Keep the one that is to be used, and empty the other.",
        )
    return client_id, client_secret


def _token(password: str | None) -> str:
    # Line ends and blanks around a token come from copying it; inside it they mean that something else was copied.
    token = (password or "").strip()
    if not token:
        raise SettingsError("The API token is empty.", "Paste the API token into the password field of the connection.")
    if re.search(r"\s", token) or not token.isascii() or not token.isprintable():
        raise SettingsError(
            "The API token contains blanks or characters that no token has.", "Copy it again, whole and on its own."
        )
    return token


def _text(extra: Mapping[str, Any], name: str) -> str:
    value = extra.get(name)
    return "" if value is None else str(value).strip()


def _deployment(extra: Mapping[str, Any]) -> Deployment:
    value = (_text(extra, "deployment") or "auto").lower()
    if value not in get_args(Deployment):
        raise SettingsError(
            f'The deployment "{value}" is not known.', f"Choose one of: {', '.join(get_args(Deployment))}."
        )
    return cast("Deployment", value)


def _verify(value: object) -> bool | str:
    if value is None or value == "":
        return True
    if isinstance(value, bool):
        return value
    text = str(value).strip()
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


def _expiry(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise SettingsError(
            f'The token expiry date "{text}" is not a date.', "Enter it as year-month-day, such as 2027-03-31."
        ) from error


def _number(extra: Mapping[str, Any], name: str, default: float, *, low: float, high: float) -> float:
    text = _text(extra, name)
    try:
        value = float(text) if text else default
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingsError(f'The value "{text}" of {name} is not possible.', f"Enter a number from {low} to {high}.")
    return value
