"""Whole runs on workers whose clocks jump by an hour, forth and back: nothing is lost, and nothing goes that is there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from random import Random

import pytest

from tests.dags.conftest import Site
from tests.proofs import FULL_SIZE, SEED, size

RUNS = size(1, 10)
JUMPS = (timedelta(hours=-1), timedelta(0), timedelta(hours=1))


class _AnyTime(type):
    """A clock that is set wrong makes times like any other."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


def clock(off_by: Callable[[], timedelta]) -> type:
    """``datetime`` of a machine whose clock is off."""

    class Clock(datetime, metaclass=_AnyTime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + off_by()

    return Clock


@pytest.mark.timeout(1_800)
@pytest.mark.proofs(
    f"{RUNS} runs, each with a rerun, on workers whose clocks jump by an hour, forth and back; an edit, a comment, a new page and a "
    "page in the trash before each; losses: 0"
)
def test_whole_runs_lose_nothing_when_clocks_jump_by_an_hour(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.configure(retries=0, schedule="*/5 * * * *", comments=True)
    site.run()
    chance, off_by = Random(SEED), timedelta(0)

    def now_off_by() -> timedelta:
        nonlocal off_by
        if chance.random() < 0.1:
            off_by = chance.choice(JUMPS)
        return off_by

    wrong = clock(now_off_by)
    package = [module for name, module in sys.modules.items() if name.startswith("confluence_to_twig.")]
    for module in package:
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", wrong)
    looks = set[str]()
    for number in range(RUNS):
        off_by = chance.choice(JUMPS)
        pages = sorted(page_id for page_id, page in site.confluence.truth("SMALL").items() if page.parent_id)
        edited, talked_about, gone = chance.sample(pages, 3)
        site.confluence.edit(edited, storage=f"<p>Edited for run {number}.</p>")
        site.confluence.comment(talked_about, f"<p>Remark {number} on it.</p>")
        site.confluence.new_page("SMALL", f"New {number}", "<p>Fresh words.</p>")
        site.confluence.trash(gone)
        report = site.run()
        assert report["state"] == "success"
        looks.add(report["look"]["kind"])
        assert site.confluence.truth("SMALL").keys() <= site.held().keys()
        off_by = chance.choice(JUMPS)
        assert site.run(full=True)["state"] == "success"
        assert {key: page.version for key, page in site.confluence.truth("SMALL").items()} == {
            key: document.version for key, document in site.held().items()
        }
        assert any(f"Remark {number} on it" in chunk.text for chunk in site.held()[talked_about].chunks)
    if FULL_SIZE:
        assert looks == {"lane", "sweep"}
