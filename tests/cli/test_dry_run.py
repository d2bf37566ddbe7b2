"""``confluence-to-twig sync --dry-run``: what a selection takes and leaves out, by space and reason, and nothing sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sandbox import confluence, twig
from sandbox.seed import SeedPage, SeedSpace
from tests.cli.conftest import SECONDS, Commands, Ended

OPS = (
    SeedPage("ops", "Runbooks", "<p>Runbooks.</p>"),
    SeedPage("ops-2", "On call", "<p>Who is on call.</p>"),
    SeedPage("ops-3", "Fax", "<p>How to fax.</p>", modified_at=datetime(2019, 5, 1, tzinfo=UTC)),
)
SHOWN = """\
  SMALL (Small space): 12 pages
    take             6  new to Twig
    leave out        5  title like Beta* is excluded
    leave out        1  label draft is excluded
  OPS (Operations): 3 pages
    take             2  new to Twig
    leave out        1  older than max_age
  HR (People): 1 page
    take             1  new to Twig
"""


@pytest.mark.timeout(SECONDS)
def test_it_shows_what_a_selection_takes_by_space_and_reason_and_sends_nothing(
    commands: Commands, servers: tuple[confluence.SandboxConfluence, twig.ServedTwig], here: Callable[..., Ended]
) -> None:
    served, served_twig = servers
    served.add_space(SeedSpace("OPS", "Operations", "", OPS))
    served.add_space(SeedSpace("HR", "People", "", (SeedPage("hr", "Leave", "<p>Leave.</p>"),)))
    served.label("alpha-1", "draft")
    rules = {"exclude_labels": ["draft"], "exclude_titles": ["Beta*"], "max_age": "1000 days"}
    source = {"name": "docs", "spaces": ["*"], "schedule": "manual", "restricted_pages": "include"}
    commands.sources(source | rules)
    done = here("sync", "--dry-run", confluence_default=served.connection(), twig_default=served_twig.connection())
    assert done.returncode == 0, done.stdout + done.stderr
    assert SHOWN in done.stdout
    assert "docs: " in done.stdout.splitlines()[-1]
    assert served_twig.twig.data_specs() == []
    assert {record.method for record in served_twig.twig.log.records()} == {"GET"}
