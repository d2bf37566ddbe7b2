"""Rows of attachments, comments and people, as documented and as they have been seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from confluence_to_twig.confluence.api.attached import (
    attachment_from_v1,
    attachment_from_v2,
    comment_from_v1,
    comment_from_v2,
    named_user,
    of_page,
    open_comments,
    user_name,
)
from confluence_to_twig.confluence.api.errors import BrokenAnswerError

pytestmark = pytest.mark.fast
SITE = "https://example.atlassian.net/wiki"


@pytest.mark.parametrize(("told", "size"), [(14, 14), ("14", 14), (None, 0), ("12 KB", 0), ("", 0), (-1, 0), (1.5, 0)])
def test_a_size_that_is_no_number_is_not_known(told: Any, size: int) -> None:
    assert attachment_from_v2({"id": "att1", "fileSize": told}, "7", SITE).file_size == size


@pytest.mark.parametrize("row", [None, "att1", 17, [], {}, {"id": None}, {"id": ""}, {"title": "a.pdf"}])
def test_a_row_that_does_not_say_what_it_is_makes_the_answer_a_broken_one(row: Any) -> None:
    for read in (
        lambda: attachment_from_v2(row, "7", SITE),
        lambda: attachment_from_v1(row, SITE, "7"),
        lambda: comment_from_v2(row, "footer", "7"),
        lambda: comment_from_v1(row, "7"),
        lambda: named_user(row),
        lambda: user_name(row),
    ):
        with pytest.raises(BrokenAnswerError):
            read()


def test_a_found_row_has_to_say_whose_it_is_and_one_in_a_page_s_list_need_not() -> None:
    with pytest.raises(BrokenAnswerError):
        attachment_from_v1({"id": "att1"}, SITE)
    with pytest.raises(BrokenAnswerError):
        comment_from_v1({"id": "1"})
    assert attachment_from_v1({"id": "att1"}, SITE, "7").content_id == "7"
    assert comment_from_v1({"id": "1"}, "7").content_id == "7"


def test_what_belongs_to_another_page_is_left_out_of_a_page_s_list() -> None:
    rows = [
        {"id": "att1", "pageId": "7"},
        {"id": "att2", "pageId": "8"},
        {"id": "att3", "blogPostId": 7},
        {"id": "att4"},
    ]
    listed = of_page((attachment_from_v2(row, "7", SITE) for row in rows), "7")
    assert [attachment.id for attachment in listed] == ["att1", "att3", "att4"]


def test_comments_are_in_order_whatever_their_times_and_ids_are() -> None:
    rows = [
        {"id": "10", "version": {"createdAt": "2026-03-02T09:00:00"}},
        {"id": "9", "version": {"createdAt": "2026-03-02T09:00:00Z"}},
        {"id": "c-8", "version": {"createdAt": "2026-03-02T09:00:00+00:00"}},
        {"id": "7", "version": {"createdAt": "yesterday"}},
        {"id": "6", "version": {"createdAt": 17}},
        {"id": "5"},
    ]
    comments = open_comments([comment_from_v2(row, "footer", "7") for row in rows])
    assert [comment.id for comment in comments] == ["5", "6", "7", "c-8", "9", "10"]
    assert comments[-1].created_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
