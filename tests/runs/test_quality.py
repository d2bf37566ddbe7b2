"""The verdict on a run, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from confluence_to_twig.runs.quality import Measured, judge
from confluence_to_twig.sources.quality_settings import QualitySettings

pytestmark = pytest.mark.fast

FINE = Measured(documents=200, empty=4, quarantined=0, asked=20, cited=20, drift=0, behind=60.0)


def broken(limits: QualitySettings | None = None, **measured: Any) -> set[str]:
    verdict = judge(replace(FINE, **measured), limits or QualitySettings()).to_json()
    rules = {name for name, rule in verdict["rules"].items() if not rule["good"]}
    assert verdict["good"] is not bool(rules)
    return rules


@pytest.mark.parametrize(
    ("measured", "rule"),
    [
        ({"quarantined": 3}, "quarantined"),
        ({"empty": 41}, "empty"),
        ({"cited": 17}, "cited"),
        ({"drift": 1}, "drift"),
        ({"behind": 86_401.0}, "behind"),
    ],
)
def test_each_rule_is_broken_beyond_its_limit(measured: dict[str, Any], rule: str) -> None:
    assert broken(**measured) == {rule}


@pytest.mark.parametrize(
    "measured", [{"quarantined": 2}, {"empty": 40}, {"cited": 18}, {"drift": 0}, {"behind": 86_400.0}]
)
def test_a_value_at_the_limit_is_good(measured: dict[str, Any]) -> None:
    assert broken(**measured) == set()


def test_what_was_not_measured_has_no_value_and_breaks_nothing() -> None:
    verdict = judge(Measured(0, 0, 0, 0, 0, None, None), QualitySettings()).to_json()
    assert verdict["good"]
    assert {rule["value"] for rule in verdict["rules"].values()} == {None}


def test_a_source_of_which_nothing_could_be_synced_is_not_good() -> None:
    assert broken(documents=0, empty=0, quarantined=5) == {"quarantined"}


def test_the_limits_are_the_source_s_own() -> None:
    strict = QualitySettings(min_cited=1.0, max_empty=0.0)
    assert broken(strict, cited=19) == {"cited", "empty"}
    assert broken(QualitySettings(max_drift=3), drift=3) == set()


def test_it_says_in_words_what_is_not_good() -> None:
    verdict = judge(replace(FINE, cited=10, drift=2), QualitySettings())
    assert str(verdict) == (
        "not good: 50.0% of the pages asked for are cited; 2 differences between Twig and what was loaded"
    )
    assert str(judge(FINE, QualitySettings())) == "good"
