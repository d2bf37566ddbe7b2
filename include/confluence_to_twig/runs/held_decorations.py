"""Which attachments and comments the documents in Twig were made with, and when their macros were rendered.

One small JSON file a source, ``decorations.json``. Only a run that has loaded a page notes what it saw of it before it
fetched it, so that a run that fails loses no change. Without a file, as after an upgrade, a run only notes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.staging.files import UnknownFormatError, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: A page that was loaded while nobody told what hangs on it: whatever is told later differs.
UNKNOWN = "?"
#: Pages that a run renders again, for nothing but their age.
RENDERED_AT_ONCE = 200

Digests = dict[str, str]


@dataclass(frozen=True)
class HeldDecorations:
    """What Twig holds, by page id.

    :param attachments: digests; a page without attachments is left out. None: not known of any page.
    :param comments: the same of comments.
    :param rendered: when a page whose text is rendered by Confluence was loaded.
    """

    attachments: Digests | None = None
    comments: Digests | None = None
    rendered: dict[str, datetime] = field(default_factory=dict)

    def to_render(self, now: datetime, again: timedelta | None) -> frozenset[str]:
        """The pages that were rendered too long ago, the oldest first where there are too many for one run."""
        if not again:
            return frozenset()
        due = sorted((moment, page_id) for page_id, moment in self.rendered.items() if now - moment >= again)
        return frozenset(page_id for _, page_id in due[:RENDERED_AT_ONCE])

    def loaded(
        self,
        pages: Mapping[str, bool],
        seen: Mapping[str, Mapping[str, str | None]],
        held: Collection[str],
        now: datetime,
    ) -> HeldDecorations:
        """What Twig holds after a run.

        :param pages: the pages that the run brought up to date, and whether they were rendered.
        :param seen: ``attachments`` and ``comments``: digests of the run's inventory, None where nobody told them.
        :param held: every page that Twig holds.
        """
        kept = {page_id: moment for page_id, moment in self.rendered.items() if page_id in held}
        renewed = {page_id: now for page_id, rendered in pages.items() if rendered}
        return HeldDecorations(
            _noted(self.attachments, seen.get("attachments", {}), pages, held),
            _noted(self.comments, seen.get("comments", {}), pages, held),
            {page_id: moment for page_id, moment in kept.items() if page_id not in pages} | renewed,
        )


def _noted(
    known: Digests | None, seen: Mapping[str, str | None], pages: Collection[str], held: Collection[str]
) -> Digests | None:
    if known is None:
        if all(digest is None for digest in seen.values()):
            return None
        return {page_id: digest for page_id in held if (digest := seen.get(page_id))}
    kept = {page_id: digest for page_id, digest in known.items() if page_id in held and page_id not in pages}
    told = {page_id: seen.get(page_id) for page_id in pages}
    return kept | {page_id: UNKNOWN if digest is None else digest for page_id, digest in told.items() if digest != ""}


#: Of a source that has loaded nothing yet.
NOTHING = HeldDecorations({}, {})


def read_held_decorations(staging: SourceStaging) -> HeldDecorations:
    """What is noted of a source; nothing is known where there is no file, or one that cannot be read."""
    path = _path(staging)
    try:
        data = read_json(path)
        return HeldDecorations(
            _digests(data["attachments"]),
            _digests(data["comments"]),
            {
                str(page_id): datetime.fromisoformat(moment).astimezone(UTC)
                for page_id, moment in data["rendered"].items()
            },
        )
    except FileNotFoundError:
        return HeldDecorations()
    except (ValueError, KeyError, TypeError, AttributeError, UnknownFormatError) as error:
        log.warning("%s is not readable (%s) and begins anew", path, type(error).__name__)
        return HeldDecorations()


def write_held_decorations(staging: SourceStaging, held: HeldDecorations) -> None:
    """Replace what is noted of a source."""
    rendered = {page_id: moment.isoformat() for page_id, moment in held.rendered.items()}
    write_json(_path(staging), {"attachments": held.attachments, "comments": held.comments, "rendered": rendered})


def _digests(data: Any) -> Digests | None:
    return None if data is None else {str(page_id): str(digest) for page_id, digest in data.items()}


def _path(staging: SourceStaging) -> ObjectStoragePath:
    return staging.home / "decorations.json"
