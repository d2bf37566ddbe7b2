from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from confluence_to_twig.runs.links import LINKS, SpaceLink, TwigLink, twig_url
from confluence_to_twig.staging.binding import Binding
from tests.web.samples import NOW, SITE, SampleSource

OPERATOR = SimpleNamespace(source=SimpleNamespace(name="docs"))
KEY: Any = SimpleNamespace(run_id="manual__2026-11-22T10:00:00+00:00")


@pytest.fixture
def source(docs: SampleSource) -> SampleSource:
    return docs


def test_leads_to_the_space_that_the_run_found(source: SampleSource) -> None:
    source.record(KEY.run_id, "validate", NOW, details={"space": {"url": f"{SITE}/spaces/PROD"}})
    assert SpaceLink().get_link(OPERATOR, ti_key=KEY) == f"{SITE}/spaces/PROD"


def test_leads_to_the_data_source(source: SampleSource) -> None:
    source.bind("http://127.0.0.1:8091", "ds/1")
    assert TwigLink().get_link(OPERATOR, ti_key=KEY) == "http://127.0.0.1:8091/?source=ds%2F1"


@pytest.mark.parametrize("host", ["https://api.twig.so", "https://app.twig.so/api"])
def test_leads_to_the_app_of_the_real_twig(host: str) -> None:
    assert twig_url(Binding("ds", "docs", "FILE", host)) == "https://app.twig.so"


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("operator", [OPERATOR, SimpleNamespace(source=SimpleNamespace(name="another")), None])
def test_never_raises(source: SampleSource, link: Any, operator: Any) -> None:
    assert link.get_link(operator, ti_key=KEY) == ""


def test_every_link_has_a_place_of_its_own() -> None:
    assert len({link.xcom_key for link in LINKS}) == len({link.name for link in LINKS}) == len(LINKS)
