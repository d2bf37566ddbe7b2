"""Rows of pages and inventory with sensible values for what a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def page_row(page_id: str, **values: Any) -> dict[str, Any]:
    """A row of ``schemas.PAGES``."""
    row = {
        "page_id": page_id,
        "kind": "page",
        "space_id": "1",
        "space_key": "DOC",
        "space_name": "Documentation",
        "version": 1,
        "title": f"Page {page_id}",
        "url": f"https://acme.atlassian.net/wiki/spaces/DOC/pages/{page_id}",
        "parent_id": None,
        "ancestor_ids": [],
        "ancestors": [],
        "labels": [],
        "author_id": None,
        "author_name": None,
        "created_at": NOW,
        "modified_at": NOW,
        "storage": "<p>text</p>",
        "view": None,
        "users": [],
        "attachments": [],
        "comments": [],
        "included": False,
        "lacking": [],
    }
    return {**row, **values}


def inventory_row(page_id: str, title: str, url: str) -> dict[str, Any]:
    """A row of ``schemas.INVENTORY``."""
    return {
        "page_id": page_id,
        "space_id": "1",
        "kind": "page",
        "status": "current",
        "version": 1,
        "title": title,
        "url": url,
        "parent_id": None,
        "parent_type": None,
        "ancestor_ids": [],
        "ancestors": [],
        "labels": [],
        "labels_known": True,
        "restricted": False,
        "author_id": None,
        "created_at": NOW,
        "modified_at": NOW,
        "position": None,
    }
