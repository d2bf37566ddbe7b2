"""Plain HTML nodes → Markdown."""
