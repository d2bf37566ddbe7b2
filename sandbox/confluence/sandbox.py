"""The sandbox as one object: a site with its control methods, its request log, its faults, and a way to serve it."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.confluence.app import build_app
from sandbox.confluence.changes import apply_change
from sandbox.confluence.control_api import add_control_api
from sandbox.confluence.decoration_control import PartControl
from sandbox.confluence.faults import Action, Do, Fault, FaultPlan
from sandbox.confluence.oauth import OAuthClient
from sandbox.confluence.page_control import PageControl
from sandbox.confluence.personalities import PERSONALITIES, deployment_of, take_on
from sandbox.confluence.request_log import Recorder, RequestLog
from sandbox.confluence.site import ALL_SCOPES, DEPLOYMENTS, Site, set_switches
from sandbox.confluence.site_control import SiteControl
from sandbox.confluence.spoiling import RATE_LIMIT_BODY, Spoiler, retry_after_headers
from sandbox.confluence.state import StateFolder
from sandbox.confluence.store import Store
from sandbox.confluence.truth import TrueContent, truth_of
from sandbox.confluence.web_pages import add_web_pages
from sandbox.seed import SeedSpace, SeedUser
from sandbox.serving import LOOPBACK, Allowance, Latency, RateLimit, TokenBucket, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Scope

#: The credentials of the sandbox: made up, and worth nothing anywhere else.
SYNC_USER = SeedUser("712020:sandbox-sync", "Sync Service", "sync@example.com", "sandbox-confluence-token")
READER_USER = SeedUser("712020:sandbox-reader", "Riley Reader", "reader@example.com", "sandbox-confluence-reader-token")
SYNC_EMAIL = SYNC_USER.email
SYNC_TOKEN = "sandbox-confluence-token"  # noqa: S105 - a sandbox credential
SCOPED_TOKEN = "sandbox-confluence-scoped-token"  # noqa: S105
PERSONAL_ACCESS_TOKEN = "sandbox-confluence-pat"  # noqa: S105
NEAR_LIMIT = 0.2


class SandboxConfluence(PageControl, PartControl, SiteControl):
    """A Confluence site in memory.

    :param spaces: what it contains; more can come by ``add_space``.
    :param deployment: "cloud" or "datacenter"; None: what the personalities ask for, else Cloud.
    :param personalities: names of personalities.py; they also furnish the spaces that are added.
    :param switches: fields of :class:`Site`, set after the personalities.
    :param latency_ms: what every request waits before it is handled.
    :param rate: requests a second that every caller may make together; None: no limit.
    :param burst: how many may come at once; None: one second's worth.
    :param state: a folder that keeps the site across restarts; None: memory.
    :param context_path: Data Center only: where it is installed, for instance "/confluence".
    :raises StateError: when the folder cannot be used.
    """

    def __init__(
        self,
        *spaces: SeedSpace,
        deployment: str | None = None,
        latency_ms: float = 0.0,
        rate: float | None = None,
        burst: int | None = None,
        state: Path | None = None,
        context_path: str = "",
        personalities: Iterable[str] = (),
        switches: Mapping[str, Any] | None = None,
    ) -> None:
        self.personalities = tuple(personalities)
        deployment = deployment_of(self.personalities, deployment)
        if deployment not in DEPLOYMENTS:
            raise ValueError(f"deployment is one of {', '.join(DEPLOYMENTS)}, not {deployment!r}")
        self.lock = threading.RLock()
        self.site = Site(deployment=deployment, context_path=context_path)
        take_on(self.site, self.personalities)
        set_switches(self.site, dict(switches or {}))
        self.store = Store()
        self._state = StateFolder(state) if state else None
        if self._state:
            self._state.load_into(self.store)
            self.store.journal = self._state
        self.log = RequestLog()
        self.faults = FaultPlan()
        self.oauth_clients: dict[str, OAuthClient] = {}
        self.base_url = ""
        self._bucket: TokenBucket | None = None
        self.limit_rate(rate, burst)
        if not self.store.users:
            self._add_sandbox_users()
        for space in spaces:
            self.add_space(space)
        self._latency, self.app = self._stack(latency_ms)

    def _add_sandbox_users(self) -> None:
        self.add_user(SYNC_USER, sees_restricted=True)
        self.add_user(READER_USER)
        self.add_token(SYNC_EMAIL, SCOPED_TOKEN, kind="scoped")
        self.add_token(SYNC_EMAIL, PERSONAL_ACCESS_TOKEN, kind="pat")

    def add_oauth_client(
        self,
        user: str,
        client_id: str,
        client_secret: str,
        *,
        scopes: Iterable[str] = ALL_SCOPES,
        lifetime_s: float = 3600,
    ) -> None:
        """Give a user, usually a service account, an OAuth 2.0 credential; see :mod:`sandbox.confluence.oauth`."""
        account_id = self.user(user).account_id
        with self.lock:
            self.oauth_clients[client_id] = OAuthClient(client_id, client_secret, account_id, tuple(scopes), lifetime_s)

    def _stack(self, latency_ms: float) -> tuple[Latency, ASGIApp]:
        app = build_app(self)
        add_control_api(app, self)
        add_web_pages(app, self)
        limited = RateLimit(app, self._bucket_of, self._rate_headers, self._too_many)
        latency = Latency(limited, latency_ms)
        spoiler = Spoiler(latency, self.faults, self.apply)
        return latency, Recorder(spoiler, self.log)

    def apply(self, change: dict[str, Any]) -> Any:
        """Run a control method by name, as the control API does."""
        with self.lock:
            return apply_change(self, change)

    def add_space(self, seed: SeedSpace) -> str:
        with self.lock, self._state.together() if self._state else nullcontext():
            space_id = super().add_space(seed)
            for name in self.personalities:
                if furnish := PERSONALITIES[name].furnish:
                    furnish(self, seed.key)
            return space_id

    # ------------------------------------------------------------------ addresses

    @property
    def site_url(self) -> str:
        """The site's address with its context: ``http://127.0.0.1:…/wiki``. Only while it is served."""
        return self.base_url + self.site.context

    @property
    def gateway_url(self) -> str:
        """The address for scoped tokens, below the same host: ``…/ex/confluence/{cloudId}/wiki``."""
        return f"{self.base_url}/ex/confluence/{self.site.cloud_id}/wiki"

    def connection(self, token: str | None = None) -> dict[str, Any]:
        """An Airflow connection to this site, ready for ``AIRFLOW_CONN_…`` as JSON. Only while it is served.

        :param token: None: the sync user's unscoped API token, or personal access token on Data Center.
        """
        cloud = self.site.is_cloud
        first_key = next((space.active_key for space in self.store.spaces.values()), "")
        return {
            "conn_type": "confluence",
            "host": self.base_url if cloud else self.site_url,
            "login": SYNC_EMAIL if cloud else "",
            "password": token or (SYNC_TOKEN if cloud else PERSONAL_ACCESS_TOKEN),
            "extra": {
                "space_key": first_key,
                "deployment": self.site.deployment,
                "gateway_url": self.base_url,
            },
        }

    @contextmanager
    def serve(self, host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
        """Serve from a thread while the block runs; yields the base URL."""
        with running(self.app, host, port) as base_url:
            self.base_url = base_url
            yield base_url

    # -------------------------------------------------------- speed and rate limit

    @property
    def latency_ms(self) -> float:
        return self._latency.delay_ms

    @latency_ms.setter
    def latency_ms(self, value: float) -> None:
        self._latency.delay_ms = value

    def limit_rate(self, rate: float | None, burst: int | None = None) -> None:
        """Allow ``rate`` requests a second and ``burst`` at once from now on; None lifts the limit."""
        self._bucket = None if rate is None else TokenBucket(rate, burst or max(1, round(rate)))

    def _bucket_of(self, scope: Scope) -> TokenBucket | None:
        return self._bucket

    def _rate_headers(self, allowance: Allowance) -> dict[str, str]:
        """What is left, in the words of each deployment.

        https://developer.atlassian.com/cloud/confluence/rate-limiting/ and
        https://confluence.atlassian.com/conf89/improving-instance-stability-with-rate-limiting-1387596645.html
        """
        headers = {"X-RateLimit-Limit": str(allowance.limit), "X-RateLimit-Remaining": str(allowance.remaining)}
        if self._bucket and not self.site.is_cloud:
            fill = {"X-RateLimit-FillRate": f"{self._bucket.per_second:g}", "X-RateLimit-Interval-Seconds": "1"}
            return headers | fill
        reset = datetime.now(UTC) + timedelta(seconds=allowance.full_after_s)
        headers["X-RateLimit-Reset"] = f"{reset:%Y-%m-%dT%H:%MZ}"
        if allowance.remaining < allowance.limit * NEAR_LIMIT:
            headers["X-RateLimit-NearLimit"] = "true"
        return headers

    def _too_many(self, allowance: Allowance) -> Response:
        headers = retry_after_headers(allowance.retry_after_s, self.site.retry_after)
        if self.site.rate_limit_reason:
            headers["RateLimit-Reason"] = self.site.rate_limit_reason
        return JSONResponse(RATE_LIMIT_BODY, status_code=self.site.rate_limit_status, headers=headers)

    # ----------------------------------------------------------------------- truth

    def truth(self, *space_keys: str, user: str | None = SYNC_EMAIL, restricted: bool = True) -> dict[str, TrueContent]:
        """What a complete sync of those spaces (none: all) must end with at this moment, by content id.

        :param user: who syncs: an e-mail address or account id; None: an anonymous visitor.
        :param restricted: with what a view restriction of the content or an ancestor holds for, as far as ``user``
            satisfies it; False: without.
        """
        with self.lock:
            keys = space_keys or [space.key for space in self.store.spaces.values()]
            account_id = None if user is None else self.user(user).account_id
            found = truth_of(self.store, keys, account_id, public=self.site.anonymous_access)
        return {row_id: it for row_id, it in found.items() if restricted or not it.restricted}

    # ---------------------------------------------------------------------- faults

    def fail(
        self,
        action: Action,
        path: str = "",
        *,
        method: str | None = None,
        skip: int = 0,
        times: int | None = 1,
        naming: str | None = None,
    ) -> Fault:
        """Arm a fault; see :class:`Fault`. Its ``hits`` tell how often it struck."""
        return self.faults.arm(Fault(action, path, method=method, skip=skip, times=times, naming=naming))

    def when(self, path: str, do: Callable[[], object], *, method: str | None = None, nth: int = 1) -> Fault:
        """Run ``do`` just before the ``nth`` request that matches ``path`` is handled."""
        return self.fail(Do(do), path, method=method, skip=nth - 1)


@contextmanager
def serve(
    *spaces: SeedSpace,
    deployment: str | None = None,
    latency_ms: float = 0.0,
    rate: float | None = None,
    burst: int | None = None,
    state: Path | None = None,
    context_path: str = "",
    personalities: Iterable[str] = (),
    switches: Mapping[str, Any] | None = None,
) -> Iterator[SandboxConfluence]:
    """A served sandbox for a test: ``with serve(space) as confluence: … confluence.base_url …``."""
    sandbox = SandboxConfluence(
        *spaces,
        deployment=deployment,
        latency_ms=latency_ms,
        rate=rate,
        burst=burst,
        state=state,
        context_path=context_path,
        personalities=personalities,
        switches=switches,
    )
    with sandbox.serve():
        yield sandbox
