"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from confluence_to_twig.runs.quality import Measured, judge
from confluence_to_twig.sources.alert_settings import AlertSettings
from confluence_to_twig.sources.quality_settings import QualitySettings
from confluence_to_twig.sources.source import Source
from docs.configuration_reference import table, with_table

pytestmark = pytest.mark.fast

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_readme_is_short() -> None:
    assert len(text("README.md").splitlines()) <= 120


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_outside_the_site_lead_somewhere(name: str) -> None:
    assert [link for link in LINK.findall(text(name)) if not (ROOT / link).exists()] == []


def test_the_table_of_fields_is_the_one_that_the_model_gives() -> None:
    page = text("docs/configuration.md")
    assert with_table(page) == page, "python docs/configuration_reference.py writes it anew"
    assert set(re.findall(r"^\| `(\w+)` \| ", table(), re.MULTILINE)) == Source.model_fields.keys()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+ \| [^|]+) \| \S", table(), re.MULTILINE))
    assert rows["twig_name"] == "text | not set"
    assert rows["brake_share"] == "number above 0 to 1 | 0.2"
    assert rows["approval_timeout"] == "time | 3 days"
    assert rows["delivery"] == "`api`, `files` | `api`"


def test_every_field_of_the_alerts_is_in_the_page_about_them() -> None:
    assert [name for name in AlertSettings.model_fields if not re.search(rf"\b{name}\b", text("docs/alerts.md"))] == []


def test_every_limit_of_the_quality_gate_and_its_rule_is_in_the_page_about_verify() -> None:
    page = text("docs/verify.md").partition("## Quality gate")[2]
    rows = dict(re.findall(r"\| `(\w+)` \| .+ \| `(\w+)` \|", page))
    assert set(rows.values()) == set(QualitySettings.model_fields)
    assert {f"{limit}_{rule}" for rule, limit in rows.items() for limit in [limit[:3]]} == set(rows.values())
    measured = Measured(1, 0, 0, 0, 0, None, None)
    assert set(rows) == set(judge(measured, QualitySettings()).to_json()["rules"])


def test_every_path_of_the_architecture_page_exists() -> None:
    named = set(re.findall(r"`([\w./-]+(?:/|\.py|\.md))`", text("docs/architecture.md")))
    assert len(named) > 60
    package = ROOT / "include" / "confluence_to_twig"
    assert [path for path in sorted(named) if not (package / path).exists() and not (ROOT / path).exists()] == []


def test_every_package_is_in_the_picture() -> None:
    picture = text("docs/architecture.md").split("```")[1]
    package = ROOT / "include" / "confluence_to_twig"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    assert {room for room in rooms if not re.search(rf"\b{room}\b", picture)} == set()
