"""Personalities: what real sites do that a plain site does not, each with its source. Several combine.

A personality sets switches of :class:`Site`; some also furnish every space that is added. What no document supports
is no personality but an assumption: a switch that tests set to each of its values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.confluence import furnishing
from sandbox.confluence.site import CLOUD, DATA_CENTER, set_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.confluence.furnishing import Control
    from sandbox.confluence.site import Site

V1_SEARCH = "https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search/"
V2_PAGE = "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/"
RATE_LIMITS = "https://developer.atlassian.com/cloud/confluence/rate-limiting/"
DC_EXAMPLES = "https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/"
DC_9_2 = "https://developer.atlassian.com/server/confluence/rest/v923/"
DC_10 = "https://developer.atlassian.com/server/confluence/rest/v1000/"
CONFSERVER_101465 = "https://jira.atlassian.com/browse/CONFSERVER-101465"


@dataclass(frozen=True)
class Personality:
    """``deployment`` None: on Cloud and Data Center alike. ``furnish`` is given every space that is added."""

    description: str
    source: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    deployment: str | None = CLOUD
    furnish: Callable[[Control, str], None] | None = None


@dataclass(frozen=True)
class Assumption:
    """A question that no document answers. Whatever depends on it must be right for each of the values."""

    switch: str
    values: tuple[Any, ...]
    question: str


CLOUD_SITES: dict[str, Personality] = {
    "folders": Personality(
        "each space has pages below folders, databases, whiteboards and smart links",
        f"{V2_PAGE} (parentType)",
        furnish=furnishing.add_containers,
    ),
    "live-docs": Personality(
        "every third page of a space is a live doc (subtype live)",
        f"{V2_PAGE} (subtype)",
        furnish=furnishing.add_live_docs,
    ),
    "empty-live-docs": Personality(
        "a live doc's current version is read without text; the version before it has the text",
        "https://github.com/atlassian/atlassian-mcp-server/issues/192",
        {"live_reads_empty": True},
    ),
    "archived": Personality(
        "each space is archived: CQL does not see it",
        f"{V1_SEARCH} (includeArchivedSpaces), https://github.com/langchain-ai/langchain-community/issues/328",
        deployment=None,
        furnish=furnishing.archive,
    ),
    "no-total": Personality(
        "content/search answers a ContentArray, which has no totalSize",
        f"{V1_SEARCH}, {DC_10}api-group-content-resource",
        {"search_total": False},
        deployment=None,
    ),
    "label-cap": Personality(
        "a search answer gives at most 200 labels of a page",
        "https://jira.atlassian.com/browse/CONFCLOUD-71415",
        {"label_cap": 200},
    ),
    "strict-users": Personality(
        "users-bulk answers 400 when an id is no account id, such as the user keys in old pages",
        "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/#api-users-bulk-post",
        {"users_bulk_strict": True},
    ),
    "tokens-blocked": Personality(
        "an administrator has blocked API tokens of people: 403",
        "https://support.atlassian.com/security-and-access-policies/docs/set-api-token-access/",
        {"tokens_blocked": True},
    ),
    "v1-gone": Personality(
        "the classic v1 reads are gone from the site host as well (410)",
        "https://community.developer.atlassian.com/t/deprecating-many-confluence-v1-apis-that-have-v2-equivalents/66883",
        {"classic_gone": True},
    ),
    "quota": Personality(
        "a 429 names the points quota of OAuth apps (RateLimit-Reason)",
        RATE_LIMITS,
        {"rate_limit_reason": "confluence-quota-global-based"},
    ),
    "no-retry-after": Personality(
        "a 429 names no waiting time: Retry-After is only said to be possible", RATE_LIMITS, {"retry_after": "absent"}
    ),
    "ip-allow-list": Personality(
        "the organisation's IP allow-list refuses the caller",
        "https://confluence.atlassian.com/pages/viewpage.action?pageId=1384133808",
        {"address_allowed": False},
    ),
    "public": Personality(
        "the site is open to anonymous visitors: wrong credentials are answered with 200",
        "https://community.atlassian.com/forums/Confluence-questions/API-Token-authentication-failing-What-am-I-doing-wrong/qaq-p/3039044",
        {"anonymous_access": True},
    ),
}

#: All that the versions of Data Center share is the default of the switches.
DATA_CENTER_SITES: dict[str, Personality] = {
    "dc-7.19": Personality(
        "Data Center 7.19: content/scan of pages, addresses by title",
        DC_EXAMPLES,
        {"version": "7.19.30", "scan_types": ("page",)},
        DATA_CENTER,
    ),
    "dc-8.5": Personality(
        "Data Center 8.5: content/scan of blog posts and comments as well",
        DC_EXAMPLES,
        {"version": "8.5.25", "scan_types": ("page", "blogpost", "comment")},
        DATA_CENTER,
    ),
    "dc-9.2": Personality(
        "Data Center 9.2: addresses by id, relevantViewRestrictions, server-information; a search for an unknown space is a 500",
        f"{DC_9_2}, {CONFSERVER_101465}",
        {
            "version": "9.2.8",
            "scan_types": ("page", "blogpost", "comment"),
            "display_addresses": False,
            "position_in_extensions": False,
            "relevant_restrictions": True,
            "unknown_space_search": 500,
        },
        DATA_CENTER,
    ),
    "dc-10.1": Personality(
        "Data Center 10.1: as 9.2, but a query that cannot be parsed is a 404",
        DC_10,
        {
            "version": "10.1.2",
            "scan_types": ("page", "blogpost", "comment"),
            "display_addresses": False,
            "position_in_extensions": False,
            "relevant_restrictions": True,
            "bad_cql_status": 404,
        },
        DATA_CENTER,
    ),
    "dc-reindexing": Personality(
        "the search index is being rebuilt: every search is a 500",
        "https://confluence.atlassian.com/doc/content-index-administration-148844.html",
        {"search_index": "rebuilding"},
        DATA_CENTER,
    ),
    "dc-attachments-400": Personality(
        "a listing of attachments is a 400",
        "https://github.com/onyx-dot-app/onyx/pull/13805",
        {"attachment_listing": "refused"},
        DATA_CENTER,
    ),
    "dc-attachments-endless": Personality(
        "a listing of attachments always has a next page",
        "https://jira.atlassian.com/browse/CONFSERVER-95396",
        {"attachment_listing": "endless"},
        DATA_CENTER,
    ),
    "dc-other-base-url": Personality(
        "links name the configured base URL, which is not the address that was asked",
        "https://confluence.atlassian.com/doc/configuring-the-server-base-url-148592.html",
        {"base_url": "https://wiki.example.com/confluence"},
        DATA_CENTER,
    ),
    "dc-limit-403": Personality(
        "a request beyond the rate limit is a 403",
        "https://github.com/onyx-dot-app/onyx (its Confluence connector retries 403)",
        {"rate_limit_status": 403},
        DATA_CENTER,
    ),
}
PERSONALITIES = CLOUD_SITES | DATA_CENTER_SITES

#: What property tests run with every value of.
ASSUMPTIONS = (
    Assumption("search_total", (False, True), "Does content/search send totalSize although no document says so?"),
    Assumption("v1_knows_containers", (True, False), "Does v1 answer restriction reads of folders, databases …?"),
    Assumption(
        "restriction_ancestors",
        ("all", "pages", "none"),
        "Which ancestors does the content of a restriction expand: containers, too?",
    ),
    Assumption("search_finds_containers", (True, False), "Does CQL find folders, databases … by id or space?"),
    Assumption("users_bulk_strict", (True, False), "Is a user key among the ids an invalid request (400)?"),
    Assumption("access_classes", (False, True), "Do the permissions of a space name access classes, as roles do?"),
    Assumption("bodies_cap", (None, 50), "Will page listings follow the cap that listings of versions have?"),
    Assumption("search_gone", (False, True), "Will content/search go the way of the other v1 reads (410)?"),
    Assumption("live_edit_bumps_version", (True, False), "Does every edit of a live doc make a version?"),
    Assumption("live_edit_modifies", (True, False), "Does every edit of a live doc set the modification date?"),
    Assumption("redaction_bumps_version", (True, False), "Does a redaction make a version?"),
    Assumption("trashing_modifies", (False, True), "Does trashing a page set its modification date?"),
    Assumption("archiving_modifies", (False, True), "Does archiving a page set its modification date?"),
    Assumption("moving_modifies", (False, True), "Does moving a page set its modification date?"),
    Assumption("labelling_modifies", (False, True), "Does labelling a page set its modification date?"),
    Assumption("restricting_modifies", (False, True), "Does restricting a page set its modification date?"),
    Assumption("next_repeats_parameters", (True, False), "Does next repeat the filters of the request?"),
    Assumption("rate_limit_reason", ("", "confluence-burst-based"), "Does a burst limit name itself, as in Jira?"),
    Assumption("gateway_without_wiki", (True, False), "Does the gateway answer without /wiki behind the cloud id?"),
    Assumption("tenant_info", ("absent", "web page", "error"), "What does Data Center, or a proxy, answer there?"),
    Assumption("user_look_ups", (True, False), "Can single people be looked up on Data Center at all?"),
)


def deployment_of(names: Iterable[str], wanted: str | None = None) -> str:
    """Where the personalities live together: ``wanted``, or what they ask for, or Cloud.

    :raises ValueError: for an unknown name, or one that does not fit the others.
    """
    deployments = {wanted} if wanted else set()
    for name in names:
        if name not in PERSONALITIES:
            raise ValueError(f"unknown personality {name!r}; there are: {', '.join(PERSONALITIES)}")
        if asked := PERSONALITIES[name].deployment:
            deployments.add(asked)
    if len(deployments) > 1:
        raise ValueError(f"these are not of one deployment: {', '.join([*names, *filter(None, [wanted])])}")
    return deployments.pop() if deployments else CLOUD


def take_on(site: Site, names: Iterable[str]) -> None:
    """Set the switches of the personalities; a later one wins.

    :raises ValueError: for an unknown name, or one of another deployment.
    """
    names = list(names)
    deployment_of(names, site.deployment)
    for name in names:
        set_switches(site, dict(PERSONALITIES[name].switches))


def described() -> list[str]:
    """A line for each personality and assumption, for people."""
    lines = [f"{name:24}{it.description} [{it.source}]" for name, it in PERSONALITIES.items()]
    lines += ["", "Assumptions (--switch NAME=VALUE):"]
    return lines + [f"{it.switch:24}{it.question} {list(it.values)}" for it in ASSUMPTIONS]
