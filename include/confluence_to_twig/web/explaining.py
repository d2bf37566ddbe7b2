"""What the page says of an error: ours in their own words, others by name only."""

from __future__ import annotations


def explain(error: Exception) -> dict[str, str]:
    """``summary`` and ``remedy`` for the page."""
    summary = getattr(error, "summary", "")
    if summary:
        return {"summary": summary, "remedy": getattr(error, "remedy", "")}
    # The text of an unforeseen error may hold anything, a key included.
    return {
        "summary": f"Something unforeseen happened ({type(error).__name__})",
        "remedy": "The API server's log says more.",
    }
