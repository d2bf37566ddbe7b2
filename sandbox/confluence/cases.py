"""Situations as data: a space, faults and switches, in the form of the JSON files that are given with public reports.

``pages`` are pages below a home page: ``ref``, ``title``, ``storage``, ``parent``, ``kind``, ``subtype``, ``editor``, ``labels``,
``many_labels`` (a number), ``attachments`` and ``comments`` (numbers). ``generated`` is a number of made pages instead.
``faults`` have a ``path`` (regular expression), ``times`` (absent: always), and ``status`` with ``body``, or
``rewrite``, a name of :data:`REWRITES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.confluence.faults import AlwaysNext, CutLabels, HideRow, NoBody, NoZone, Refuse
from sandbox.confluence.generated import generated_space
from sandbox.confluence.sandbox import READER_USER, SandboxConfluence
from sandbox.seed import SeedAttachment, SeedComment, SeedPage, SeedSpace

if TYPE_CHECKING:
    from sandbox.confluence.faults import Action

KEY = "CASE"
REWRITES: dict[str, Action] = {
    "no_zone": NoZone(),
    "no_body": NoBody(),
    "cut_labels": CutLabels(),
    "always_next": AlwaysNext(),
    "hide_b": HideRow("B"),
}


def case_space(case: dict[str, Any]) -> SeedSpace:
    """The space that the case is about."""
    if "generated" in case:
        return generated_space(case["generated"] + 1, key=KEY, median_bytes=300)
    pages = [SeedPage("home", "Home", "<p>Home</p>"), *map(_page, case.get("pages", ()))]
    return SeedSpace(KEY, "Case", "", tuple(pages), (READER_USER,))


def _page(row: dict[str, Any]) -> SeedPage:
    labels = [*row.get("labels", ()), *(f"label-{number:03}" for number in range(row.get("many_labels", 0)))]
    files = (SeedAttachment(f"file-{number}.txt", "text/plain", b"x") for number in range(row.get("attachments", 0)))
    comments = (
        SeedComment(READER_USER.account_id, f"<p>Comment {number}</p>") for number in range(row.get("comments", 0))
    )
    plain = {
        name: row[name] for name in ("ref", "title", "storage", "parent", "kind", "subtype", "editor") if name in row
    }
    return SeedPage(**plain, labels=tuple(labels), attachments=tuple(files), comments=tuple(comments))


def case_site(case: dict[str, Any], **options: Any) -> SandboxConfluence:
    """A site, not served yet, in which the case's space and faults wait.

    :param options: further arguments of :class:`SandboxConfluence`.
    """
    sandbox = SandboxConfluence(case_space(case), deployment=case.get("deployment"), **options)
    if case.get("archive"):
        sandbox.archive_space(KEY)
    for fault in case.get("faults", ()):
        rewrite = fault.get("rewrite")
        action = REWRITES[rewrite] if rewrite else Refuse(fault["status"], fault.get("body"))
        sandbox.fail(action, fault.get("path", ""), times=fault.get("times"))
    return sandbox
