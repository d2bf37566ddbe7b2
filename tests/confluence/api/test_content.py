"""What a listing says about a content, in one form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from confluence_to_twig.confluence.api.content import content_from_v2
from confluence_to_twig.confluence.api.errors import BrokenAnswerError

CREATED, EDITED = "2026-11-01T10:00:00.000Z", "2026-11-02T11:30:00.500Z"


def listed(created: str | None, edited: str | None) -> dict[str, object]:
    return {"id": "7", "title": "T", "createdAt": created, "version": {"number": 2, "createdAt": edited}}


@pytest.mark.parametrize(
    ("edited", "modified"),
    [
        (EDITED, datetime(2026, 11, 2, 11, 30, 0, 500_000, tzinfo=UTC)),
        (CREATED, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (None, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-02T11:30:00", datetime(2026, 11, 2, 11, 30, tzinfo=UTC)),
    ],
)
def test_was_modified_when_its_version_was_made_or_else_when_it_was(edited: str | None, modified: datetime) -> None:
    assert content_from_v2(listed(CREATED, edited), "page", "https://x.atlassian.net/wiki").modified_at == modified


def test_a_content_without_any_time_is_a_broken_answer() -> None:
    with pytest.raises(BrokenAnswerError):
        content_from_v2(listed(None, None), "page", "https://x.atlassian.net/wiki")
