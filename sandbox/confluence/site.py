"""How the site behaves: switches that tests and the command line set, also while it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

CLOUD = "cloud"
DATA_CENTER = "datacenter"
DEPLOYMENTS = (CLOUD, DATA_CENTER)
#: Every granular and classic scope that an endpoint of the sandbox asks for.
ALL_SCOPES = (
    "read:space:confluence",
    "read:page:confluence",
    "read:comment:confluence",
    "read:attachment:confluence",
    "read:content.metadata:confluence",
    "read:label:confluence",
    "read:user:confluence",
    "read:folder:confluence",
    "read:database:confluence",
    "read:whiteboard:confluence",
    "read:embed:confluence",
    "read:content-details:confluence",
    "search:confluence",
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

    def now(self) -> datetime:
        return self.fixed_now or datetime.now(UTC)

    @property
    def is_cloud(self) -> bool:
        return self.deployment == CLOUD

    @property
    def context(self) -> str:
        """The path of the site below its host: ``/wiki`` on Cloud."""
        return "/wiki" if self.is_cloud else self.context_path
