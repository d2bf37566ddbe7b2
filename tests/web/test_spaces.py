from __future__ import annotations

from datetime import timedelta

from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.web.spaces import newest_spaces
from tests.web.samples import NOW, SampleSource

ROW = {"key": "OPS", "name": "Operations", "look": "lane", "pages": 40, "complete": True, "problem": None, "plan": {}}


def test_the_newest_run_that_looked_at_spaces_tells_them(docs: SampleSource) -> None:
    assert newest_spaces(docs.staging, newest_first(docs.staging))["run"] is None
    docs.run("manual__1", NOW)
    docs.record("manual__1", "discover", NOW, details={"spaces": [ROW]})
    docs.run("manual__2", NOW + timedelta(hours=1), state="failed")  # ended in validate
    found = newest_spaces(docs.staging, newest_first(docs.staging))
    assert (found["run"], found["spaces"]) == ("manual__1", [ROW])
