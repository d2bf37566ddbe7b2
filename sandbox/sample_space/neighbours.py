"""Two small spaces beside ``PROD``, for a source over many spaces: operations, which ``PROD`` links to, and people."""

from __future__ import annotations

from sandbox.seed import SeedPage, SeedSpace

_INCLUDED = (
    '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ri:page ri:content-title="Vault access" />'
    "</ac:parameter></ac:structured-macro>"
)


def _linked(space_key: str, title: str) -> str:
    return f'<ac:link><ri:page ri:space-key="{space_key}" ri:content-title="{title}" /></ac:link>'


def neighbours() -> tuple[SeedSpace, SeedSpace]:
    """The spaces ``OPS`` and ``TEAM``, equal on every call."""
    return (
        SeedSpace(
            "OPS",
            "Operations",
            "How Kelvane runs its own services",
            (
                SeedPage("ops-home", "Operations", "<p>Who is on call, and how to get into the vault.</p>"),
                SeedPage(
                    "ops-calendar",
                    "On-call calendar",
                    "<p>Two people are on call at any time. The week changes on Tuesday at nine.</p>"
                    f"<p>The runbooks themselves are public: {_linked('PROD', 'Runbooks')}.</p>",
                ),
                SeedPage(
                    "ops-vault",
                    "Vault access",
                    "<p>The vault opens with two keys of two people of the duty team. Each opening is written down.</p>",
                ),
                SeedPage("ops-first-day", "First day on duty", f"<p>Before your first shift:</p>{_INCLUDED}"),
                SeedPage("ops-notes", "Notes of a shift", "<p>Rough notes.</p>", labels=("draft",)),
            ),
        ),
        SeedSpace(
            "TEAM",
            "People",
            "Working at Kelvane",
            (
                SeedPage("team-home", "People", "<p>Everything around working at Kelvane.</p>"),
                SeedPage(
                    "team-leave", "Leave", "<p>Ask your team a week before you take leave, and enter it then.</p>"
                ),
                SeedPage(
                    "team-travel",
                    "Travel",
                    "<p>Book trains through the travel desk, with the number of your project.</p>"
                    f"<p>On duty you travel first class, see {_linked('OPS', 'First day on duty')}.</p>",
                ),
            ),
        ),
    )
