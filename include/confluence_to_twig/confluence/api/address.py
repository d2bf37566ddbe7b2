"""The address of a Confluence site as people write it, brought into one form."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from confluence_to_twig.confluence.api.errors import SettingsError
from confluence_to_twig.sources.cloud_domains import is_cloud_host

EXAMPLE = "yourcompany.atlassian.net"
#: Path segments that begin a place inside Confluence; what stands before them is the context path.
_INSIDE = frozenset(
    {"api", "display", "pages", "spaces", "rest", "login.action", "dashboard.action", "index.action", "x", "home"}
)
#: Where people are while they make a token, by the first part of ``….atlassian.com``.
_NO_SITES = "admin|auth|developer|home|id|start|support|www"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def normalize_site(text: str, *, scheme: str = "", port: int | None = None) -> str:
    """Turn a domain or any address within the site into ``scheme://host[:port][/context]`` without a final slash.

    ``yourcompany.atlassian.net``, ``https://yourcompany.atlassian.net/wiki`` and an address copied from the browser
    all give ``https://yourcompany.atlassian.net``. A context path of a self-hosted Confluence is kept. ``http://`` is
    allowed to this machine only, as the token would travel in clear text.

    :param scheme: used when the text has none (Airflow keeps it apart in a URI connection).
    :param port: used when the text has none.
    :raises SettingsError: when the text cannot be an address.
    """
    text = text.strip()
    if not text:
        raise SettingsError("The domain is empty.", f'Enter the domain of the site, such as "{EXAMPLE}".')
    parts = _split(text if "://" in text else f"{scheme or 'https'}://{text}", text)
    host, explicit_port = _host_and_port(parts, text)
    port = explicit_port or port
    _check_scheme(parts.scheme, host, f'The domain "{text}"')
    default_port = 443 if parts.scheme == "https" else 80
    netloc = f"[{host}]" if ":" in host else host
    if port and port != default_port:
        netloc = f"{netloc}:{port}"
    path = "" if is_cloud_host(host) else _context_path(parts.path)
    return f"{parts.scheme}://{netloc}{path}"


def check_address(text: str, field: str) -> str:
    """The address of one endpoint, without a final slash, if a secret may be sent there.

    :param field: what the text is, for messages.
    :raises SettingsError: when it is none, or not encrypted.
    """
    text = text.strip()
    parts = _split(text, text)
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        # The text is not repeated: what stands before an @ may be a password.
        raise SettingsError(f"The {field} is not an address.", "Enter it whole, with https:// and its path.")
    _check_scheme(parts.scheme, parts.hostname, f'The {field} "{text}"')
    return text.rstrip("/")


def public_base(text: str) -> str:
    """The address at which readers find a site, with its path and without a final slash. Nothing is sent there.

    :raises SettingsError: when it is none.
    """
    text = text.strip()
    parts = _split(text if "://" in text else f"https://{text}", text)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        # The text is not repeated: what stands before an @ may be a password.
        raise SettingsError(
            "The base URL is not an address.",
            "Enter it as Confluence shows it (General Configuration), such as https://wiki.example.com/confluence.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _check_scheme(scheme: str, host: str, what: str) -> None:
    if scheme not in ("http", "https"):
        raise SettingsError(f"{what} begins with {scheme}://.", "Use https://, or nothing at all.")
    if scheme == "http" and not is_loopback(host):
        raise SettingsError(
            f"{what} begins with http://.",
            "The API token would be sent unencrypted. Use https:// (http:// is accepted for this machine only).",
        )


def check_is_a_site(text: str, field: str = "domain") -> None:
    """Refuse Atlassian's own addresses, which are no site.

    Atlassian's pages give ``https://api.atlassian.com/ex/confluence/{cloudId}`` for scoped tokens. The links to pages need
    the site's own address, and the gateway's follows from it. Others stand in the browser while one makes a token.

    :param field: what the text is, for messages.
    :raises SettingsError: saying which address to enter.
    """
    remedy = f'Enter the domain that people see in the browser, such as "{EXAMPLE}".'
    if re.search(r"(^|[/@])api\.atlassian\.com([:/?#]|$)|/ex/confluence/", text.strip().lower()):
        raise SettingsError(
            f"The {field} is the address of Atlassian's gateway.",
            f"{remedy} The gateway is found by itself when the token needs it.",
        )
    if re.match(rf"(\w+://)?([^/@]*@)?({_NO_SITES})\.atlassian\.com([:/?#]|$)", text.strip().lower()):
        raise SettingsError(f"The {field} is an address of Atlassian, not of your site.", remedy)


def gateway_root(text: str) -> str:
    """The gateway without the path of a site, which is added to it.

    :raises SettingsError: when it is no address.
    """
    return normalize_site(re.sub(r"/ex/confluence(/.*)?$", "", text.strip()))


def _split(address: str, text: str) -> SplitResult:
    if re.search(r"\s", address):
        raise SettingsError(f'The domain "{text}" contains a blank.', f'Enter one domain, such as "{EXAMPLE}".')
    try:
        return urlsplit(address)
    except ValueError as error:
        raise SettingsError(f'The domain "{text}" cannot be read: {error}.', f'Enter it as "{EXAMPLE}".') from error


def _host_and_port(parts: SplitResult, text: str) -> tuple[str, int | None]:
    if "@" in parts.netloc:
        # The text is not repeated: what stands before the @ may be a password.
        raise SettingsError(
            "The domain contains an @.",
            f'Enter only the domain, such as "{EXAMPLE}"; the e-mail and the API token have their own fields.',
        )
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingsError(f'The domain "{text}" has an impossible port.', f'Enter it as "{EXAMPLE}".') from error
    if not _is_ip_address(host) and not _HOST.fullmatch(host):
        raise SettingsError(f'The domain "{text}" cannot be a host name.', f'Enter it as "{EXAMPLE}".')
    return host, port


def _context_path(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment in _INSIDE:
            break
        if segment:
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def cloud_root(site_url: str) -> str:
    """The site without ``/wiki``: on Cloud that is where Confluence sits, not a part of the site's own address."""
    return site_url.removesuffix("/wiki")


def origin(url: str) -> str:
    """``scheme://host:port`` in lower case with the port always named, for comparing where two addresses lead.

    Text that is no address, as a server may put into its answers, gives an origin that equals no other one's.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.hostname}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    return _is_ip_address(host) and ipaddress.ip_address(host).is_loopback


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
