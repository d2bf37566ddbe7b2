"""What the made-up sources of the browser tests hold."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from confluence_to_twig.runs.history import remember
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.run import LocalAirflow
from tests.web.samples import SITE, SampleSource, document, held, page, planned

SOURCES = """
sources:
  - {name: product-docs, space_key: PROD, comments: true}
  - {name: wiki, space_key: WIKI, schedule: "0 2 * * *", lookback: 90 days}
  - {name: handbook, space_key: HR, schedule: manual}
  - {name: files, space_key: FILES, delivery: files, files_path: /nowhere}
  - {name: everything, spaces: ["*"], schedule: "0 2 * * *"}
  - {name: pending, space_key: NEW, twig_conn_id: nowhere}
  - {name: told-apart, space_key: PROD, restricted_pages: audiences, everyone_groups: [confluence-users], kept_out_titles: editors}
  - {name: broken, space_key: "x y"}
"""
#: A title that would do harm if it were taken for markup.
HOSTILE = "<img src=x onerror=alert(1)> & \"quotes\" 'n' </script>"
PAGES = 50_000
SPACES = 500
QUESTION = "reset the gateway"
#: A verdict that is not good because of one rule; another one was not measured.
RULES = {
    "quarantined": {"value": 0.0, "limit": 0.01, "good": True},
    "cited": {"value": 0.85, "limit": 0.9, "good": False},
    "behind": {"value": None, "limit": 86_400.0, "good": True},
}
#: Wider than a phone.
COMMAND = "kelvane gateway reset --all --site berlin --wait 60s --report-to operations@example.com --verbose"
CHUNKS = {
    "Install the gateway": "Docs › Start › Install the gateway › Mount\n\n## Mount\n\n1. Fix the **bracket**.\n"
    "2. Reset the gateway with `RST`, ~~not with `OFF`~~.\n\n| LED | Do |\n| --- | --- |\n| red | reset the gateway \\| wait |\n\n"
    f"```bash\n{COMMAND}\n```",
    HOSTILE: f"Docs › Trouble › {HOSTILE}\n\nTo reset the gateway: {HOSTILE} [click](javascript:alert(1))",
}


def fill(airflow: LocalAirflow, newest: datetime) -> None:
    """Write the staging of the made-up sources, and let the sandbox Twig hold what ``wiki`` has loaded."""
    root = airflow.environment[ROOT_VARIABLE]
    _fill_wiki(airflow, SampleSource(root, "wiki"), newest)
    _fill_handbook(SampleSource(root, "handbook"), newest)
    _fill_everything(SampleSource(root, "everything"), newest)


def _fill_wiki(airflow: LocalAirflow, source: SampleSource, newest: datetime) -> None:
    source.bind(f"http://127.0.0.1:{airflow.ports['twig']}", _load(airflow))
    for number in range(250, 0, -1):
        ended = newest - timedelta(days=number)
        failed = number % 50 == 0
        result = {"pages": PAGES - number, "chunks": 5 * PAGES - number, "changed": number % 7, "removed": number % 3}
        errors = [{"task": "load", "shard": None, "error": "TransientError: Twig is busy"}] if failed else []
        told = {"settings": f"lookback={number > 20} name=1", "converter": "1" if number > 5 else "2"}
        if number == 3:
            told["approval"] = {"text": "ada approved the deletion of 60 of 80 pages (75%)", "at": ended.isoformat()}
        state = "failed" if failed else "success"
        source.run(f"scheduled__{number}", ended, result=result, state=state, errors=errors, **told)
    rows = [planned("leave", "unchanged", number, title=f"Page {number:05}") for number in range(PAGES)]
    rows[1] |= {"action": "fetch", "reason": "version 3 → 4", "version": 4, "manifest_version": 3, "title": HOSTILE}
    rows[2] |= {"action": "delete", "reason": "in the trash", "version": None, "manifest_version": 2}
    rows[3] |= {"action": "skip", "reason": "restricted"}
    failure = {key: value for key, value in page(1, title=HOSTILE, version=4).items() if key != "kind"}
    source.hold([held(4, newest, title="Old chart", version=2), held(2, newest - timedelta(days=9))])
    source.run(
        "scheduled__0",
        newest,
        plan=rows,
        quarantine=[failure | {"stage": "transform", "error_type": "ValueError", "error": f"bad {HOSTILE}"}],
        documents=[document(4, title="Old chart", version=2, coverage=0.91, unknown_macros=["chart"], tolerant=True)],
        result={"pages": PAGES, "chunks": 250_000, "changed": 12, "removed": 3, "failed": 1},
        warnings=["The API token expires in 9 days. Create a new token."],
        quality={"good": False, "rules": RULES},
    )
    remember(source.staging, "scheduled__0")


def _fill_handbook(source: SampleSource, newest: datetime) -> None:
    error = "CredentialsError: 401 Unauthorized: wrong token or e-mail\nMake a new token and paste it."
    details = {"token_expires_on": "2020-01-01"}
    source.record("manual__1", "validate", newest, state="failed", error=error, details=details)


def _fill_everything(source: SampleSource, newest: datetime) -> None:
    """A source with 500 spaces: three with news, one with deletions, two that were not seen in full."""
    source.run("scheduled__1", newest, result={"pages": 20 * SPACES, "chunks": 90 * SPACES, "changed": 7, "removed": 2})
    remember(source.staging, "scheduled__1")
    source.record("scheduled__1", "discover", newest, details={"spaces": [_space(number) for number in range(SPACES)]})


def _space(number: int) -> dict[str, Any]:
    plans: dict[int, dict[str, dict[str, int]]] = {
        17: {"fetch": {"version 1 → 2": 4}, "leave": {"unchanged": 16}},
        230: {"fetch": {"new since the last run": 2}, "skip": {"below none of the root pages": 11}},
        301: {"fetch": {"new to Twig": 1}, "delete": {"trashed": 2}},
        400: {"fetch": {"new to Twig": 60}},
    }
    problems = {
        42: "503 Service Unavailable: Confluence did not answer within 300 seconds",
        444: "a page of the listing came twice",
    }
    seen = number not in problems
    quiet = seen and number not in plans
    return {
        "id": str(number),
        "key": f"S{number:03}",
        "name": f"Space {number} of the company, with a name of some length" if number % 3 else f"Team {number}",
        "look": ("lane" if quiet or number != 400 else "sweep") if seen else None,
        "why": ("a glance at many spaces saw nothing new" if quiet else "the last full sweep is recent")
        if seen
        else None,
        "pages": 20 if seen else None,
        "complete": seen,
        "problem": problems.get(number),
        "plan": plans.get(number, {"leave": {"unchanged": 20}}),
    }


def _load(airflow: LocalAirflow) -> str:
    settings = TwigSettings.from_fields(
        f"http://127.0.0.1:{airflow.ports['twig']}", "twigsk_test_sandbox", {"org_id": "org_sandbox"}
    )
    with TwigClient(settings) as client:
        source = client.create_data_source("wiki", "FILE", "", "browser-tests")
        upserts = [_upsert(number, title, text) for number, (title, text) in enumerate(CHUNKS.items(), start=1)]
        client.write_documents(source.id, json.dumps({"upserts": upserts, "deletes": []}), "browser-tests-load")
        client.process(source.id)
    return source.id


def _upsert(number: int, title: str, text: str) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    url = f"{SITE}/spaces/WIKI/pages/{number}"
    chunk = {"id": f"c{number}", "ordinal": 0, "text": text, "headingPath": ["Mount"], "url": f"{url}#Mount"}
    chunk |= {"tokenCount": 50, "charStart": 0, "charEnd": len(text), "hash": digest}
    identity = {"id": str(number), "version": 1, "contentHash": digest, "title": title, "url": url}
    return identity | {"context": "", "metadata": {}, "chunks": [chunk]}
