"""The page's text for an error: our own errors with their text, others with their class name only."""

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
