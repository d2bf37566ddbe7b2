"""What to do about credentials that are refused: it depends on the kind of credentials and of Confluence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluence_to_twig.confluence.api.settings import ConfluenceSettings


@dataclass(frozen=True)
class Advice:
    """Remedies.

    :param credentials: for credentials that are not accepted. :param access: for an account that may not use Confluence.
    """

    credentials: str
    access: str


_CLOUD_ACCESS = (
    "Ask the site admin to give this account access to Confluence on this site (admin.atlassian.com, Users)."
)
_OWN_ACCESS = 'Ask a Confluence administrator to give this account the global permission "Can use".'
API_TOKEN = Advice(
    "Verify the e-mail, create a new API token at https://id.atlassian.com/manage-profile/security/api-tokens "
    "and paste it into the connection.",
    _CLOUD_ACCESS,
)
#: https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html
_PERSONAL_ACCESS_TOKEN = Advice(
    "Create a new personal access token in Confluence (profile picture, Settings, Personal access tokens), paste it into the "
    "connection as API token, and leave the e-mail empty.",
    _OWN_ACCESS,
)
_PASSWORD = Advice(
    "Verify the user name and the password in the connection. For a personal access token leave the e-mail empty.",
    _OWN_ACCESS,
)
_CLIENT_CREDENTIALS = (
    "Verify that the service account may use Confluence on this site, or create a new OAuth 2.0 credential for it and enter its "
    "client id and client secret."
)


def advice_for(settings: ConfluenceSettings, *, data_center: bool) -> Advice:
    """The remedies for these credentials.

    :param data_center: whether it is known that this is not Confluence Cloud.
    """
    if settings.client_secret:
        return Advice(_CLIENT_CREDENTIALS, _OWN_ACCESS if data_center else _CLOUD_ACCESS)
    if data_center:
        return _PASSWORD if settings.email else _PERSONAL_ACCESS_TOKEN
    return API_TOKEN
