"""A container's share of the processors counts, not those of the machine it runs on."""

from __future__ import annotations

import os

import pytest

from confluence_to_twig.content import processors
from confluence_to_twig.content.processors import usable_processors


@pytest.fixture
def quota(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(16)), raising=False)
    return tmp_path / "cpu.max"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("max 100000\n", 16),
        ("200000 100000\n", 2),
        ("50000 100000\n", 1),
        ("150000 100000\n", 2),
        ("9900000 100000\n", 16),
    ],
)
def test_a_quota_counts_in_whole_processors_and_at_least_one(quota, text, count):
    quota.write_text(text)
    assert usable_processors(quota) == count


def test_without_a_quota_all_processors_count(quota):
    assert usable_processors(quota) == 16


def test_the_machines_own_quota_can_be_read():
    assert 1 <= usable_processors(processors.CPU_QUOTA) <= (os.cpu_count() or 1)
