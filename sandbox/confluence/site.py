"""How the site behaves: switches that tests and the command line set, also while it serves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

CLOUD = "cloud"
DATA_CENTER = "datacenter"
DEPLOYMENTS = (CLOUD, DATA_CENTER)
#: Switches that are fixed when the app is built.
FIXED = ("deployment", "context_path")
#: Every granular and classic scope that an endpoint of the sandbox asks for.
ALL_SCOPES = (
    "read:space:confluence",
    "read:space.permission:confluence",
    "read:page:confluence",
    "read:comment:confluence",
    "read:attachment:confluence",
    "read:content.metadata:confluence",
    "read:hierarchical-content:confluence",
    "read:label:confluence",
    "read:user:confluence",
    "read:folder:confluence",
    "read:database:confluence",
    "read:whiteboard:confluence",
    "read:embed:confluence",
    "read:content-details:confluence",
    "search:confluence",
    "read:group:confluence",
)


@dataclass
class Site:
    """The behaviour of one site. Every field may change between two requests."""

    deployment: str = CLOUD
    cloud_id: str = "5a0db0c4-77aa-4b11-9d3e-0c0ffee5a11d"
    #: Wrong or missing credentials are answered as an anonymous visitor, with 200.
    anonymous_access: bool = False
    #: False: the organisation's IP allow-list refuses every caller with 403.
    address_allowed: bool = True
    #: How it says so: in the documented words, or in made-up ones of the gateway.
    allow_list_words: Literal["documented", "gateway"] = "documented"
    #: The zone in which CQL reads dates without a zone (CONFCLOUD-70966: the instance's, not the caller's).
    time_zone: str = "UTC"
    #: How a refused request names its waiting time: "seconds", "date" or "absent".
    retry_after: str = "seconds"
    #: The status of a request beyond the rate limit; some Data Center sites answer 403.
    rate_limit_status: int = 429
    #: False: ``next`` carries the cursor alone and drops the request's own filters.
    next_repeats_parameters: bool = True
    #: The host to which attachment downloads redirect, as Cloud sends them to its media host; same port.
    media_host: str = "localhost"
    #: Data Center only: the path below which Confluence is installed, for instance "/confluence".
    context_path: str = ""
    #: What the site takes for the present; None: the real one.
    fixed_now: datetime | None = None

    # What follows is switched by personalities.py, which names the source of each difference.

    # ---- search
    #: ``content/search`` answers more than a ContentArray: ``totalSize``, ``cqlQuery``, ``searchDuration``.
    search_total: bool = False
    #: The most labels that a search answer gives of one content; None: all.
    label_cap: int | None = None
    #: CQL finds folders, databases, whiteboards and smart links.
    search_finds_containers: bool = True
    #: ``content/search`` is removed: 410.
    search_gone: bool = False
    #: "rebuilding": every search is a 500.
    search_index: Literal["ready", "rebuilding"] = "ready"
    #: What a search for a space key that does not exist is answered with.
    unknown_space_search: Literal[200, 400, 500] = 200
    #: What a query that cannot be parsed is answered with.
    bad_cql_status: Literal[400, 404] = 400

    # ---- containers, live docs, bodies, people
    #: v1 answers restriction reads of folders, databases, whiteboards and smart links; False: 404.
    v1_knows_containers: bool = True
    #: Which ancestors the content of a restriction expands.
    restriction_ancestors: Literal["all", "pages", "none"] = "all"
    #: The current version of a live doc is read without text; the version before it has the text.
    live_reads_empty: bool = False
    #: The most rows of a page listing with bodies; a higher ``limit`` is cut without a word. None: no cap.
    bodies_cap: int | None = None
    #: The same for listings of versions.
    versions_cap: int | None = 50
    #: ``users-bulk`` answers 400 when one of the ids is no account id; False: such ids are left out.
    users_bulk_strict: bool = False

    # ---- who may view a space
    #: A space that everybody may view names the access class of all licensed users, as role assignments have it
    #: (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-roles/); False: the group of all users.
    access_classes: bool = False

    # ---- sign-in, addresses, limits
    #: An administrator has blocked API tokens of people: 403.
    tokens_blocked: bool = False
    #: Classic v1 reads are removed from the site host as well as from the gateway.
    classic_gone: bool = False
    #: How ``/_edge/tenant_info`` answers.
    tenant_info: Literal["json", "absent", "web page", "error"] = "json"
    #: ``RateLimit-Reason`` of a 429; empty: the header is absent.
    rate_limit_reason: str = ""

    # ---- which changes set the modification date (the version never, but for edits)
    live_edit_bumps_version: bool = True
    live_edit_modifies: bool = True
    redaction_bumps_version: bool = True
    trashing_modifies: bool = False
    archiving_modifies: bool = False
    moving_modifies: bool = False
    labelling_modifies: bool = False
    restricting_modifies: bool = False

    #: The gateway answers without ``/wiki`` behind the cloud id as well, as the address in Atlassian's articles has it.
    gateway_without_wiki: bool = True

    # ---- Data Center
    #: The configured base URL, of which ``_links`` are made; empty: the address that the request came to.
    base_url: str = ""
    #: What ``server-information`` says; empty: there is no such endpoint.
    version: str = ""
    #: The content types of ``content/scan``; empty: there is no such endpoint.
    scan_types: tuple[str, ...] = ()
    #: Pages are at ``/display/KEY/Title``; False: at ``/spaces/KEY/pages/ID/Title``.
    display_addresses: bool = True
    #: ``position`` stands in ``extensions``; False: in the content itself.
    position_in_extensions: bool = True
    #: ``restriction/relevantViewRestrictions`` exists.
    relevant_restrictions: bool = False
    #: "refused": a listing of attachments is a 400; "endless": it always has a next page.
    attachment_listing: Literal["ready", "refused", "endless"] = "ready"
    #: ``user`` answers; False: 500.
    user_look_ups: bool = True

    def now(self) -> datetime:
        return self.fixed_now or datetime.now(UTC)

    @property
    def is_cloud(self) -> bool:
        return self.deployment == CLOUD

    @property
    def context(self) -> str:
        """The path of the site below its host: ``/wiki`` on Cloud."""
        return "/wiki" if self.is_cloud else self.context_path


def set_switches(site: Site, wanted: dict[str, Any]) -> None:
    """Set switches by name, all or none.

    :raises ValueError: naming the switch that is unknown, fixed, or has a value that it cannot take.
    """
    allowed = {field.name for field in fields(Site)} - set(FIXED)
    if not wanted.keys() <= allowed:
        raise ValueError(f"unknown switches {sorted(wanted.keys() - allowed)}; there are: {sorted(allowed)}")
    checked = msgspec.convert(asdict(replace(site, **wanted)), Site)
    for name in wanted:
        setattr(site, name, getattr(checked, name))
