"""Quality: whether what Twig holds after a run is good enough to go on with, as five rules with stable names. Pure.

A rule that could not be measured, because nothing was asked or nothing is known, has no value and stops nobody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.sources.quality_settings import QualitySettings

Name = Literal["quarantined", "empty", "cited", "drift", "behind"]
_SHOWN: dict[str, str] = {
    "quarantined": "{:.1%} of the pages could not be synced",
    "empty": "{:.1%} of the documents have no text",
    "cited": "{:.1%} of the pages asked for are cited",
    "drift": "{:,.0f} differences between Twig and what was loaded",
    "behind": "a known change has been waiting for {:,.0f} s",
}


@dataclass(frozen=True)
class Measured:
    """What the rules are about.

    :param documents: that Twig holds by the manifest; ``empty`` of them have no chunk.
    :param quarantined: pages that this run could not sync.
    :param asked: pages that Twig was asked for and that nothing excuses; ``cited`` of them came.
    :param drift: proven differences that nobody acknowledged; None: not compared.
    :param behind: seconds since the moment up to which every change is in Twig; None: not known.
    """

    documents: int
    empty: int
    quarantined: int
    asked: int
    cited: int
    drift: int | None
    behind: float | None


@dataclass(frozen=True)
class Rule:
    """One rule of a verdict. ``value`` None: not measured. Shares are 0 to 1, ``behind`` is in seconds."""

    value: float | None
    limit: float
    good: bool


@dataclass(frozen=True)
class Verdict:
    """All rules, by name."""

    rules: Mapping[Name, Rule]

    @property
    def good(self) -> bool:
        """Whether no rule is broken."""
        return all(rule.good for rule in self.rules.values())

    def to_json(self) -> dict[str, Any]:
        """``{"good": …, "rules": {"cited": {"value": …, "limit": …, "good": …}, …}}``."""
        return {"good": self.good, "rules": {name: asdict(rule) for name, rule in self.rules.items()}}

    def __str__(self) -> str:
        broken = broken_rules(self.to_json())
        return f"not good: {broken}" if broken else "good"


def broken_rules(verdict: Mapping[str, Any]) -> str:
    """What breaks a rule, in words; empty if the verdict is good.

    :param verdict: as :meth:`Verdict.to_json` has it. Rules that this release does not know are named only.
    """
    broken = [(name, rule["value"]) for name, rule in verdict.get("rules", {}).items() if not rule["good"]]
    return "; ".join(_SHOWN.get(name, name).format(value) for name, value in broken)


def judge(measured: Measured, limits: QualitySettings) -> Verdict:
    """The verdict of one run."""
    pages = measured.documents + measured.quarantined
    return Verdict(
        {
            "quarantined": _at_most(_share(measured.quarantined, pages), limits.max_quarantined),
            "empty": _at_most(_share(measured.empty, measured.documents), limits.max_empty),
            "cited": _at_least(_share(measured.cited, measured.asked), limits.min_cited),
            "drift": _at_most(measured.drift, limits.max_drift),
            "behind": _at_most(measured.behind, limits.max_behind.total_seconds()),
        }
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _at_most(value: float | None, limit: float) -> Rule:
    return Rule(value, limit, value is None or value <= limit)


def _at_least(value: float | None, limit: float) -> Rule:
    return Rule(value, limit, value is None or value >= limit)
