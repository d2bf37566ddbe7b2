"""Markdown → chunks of at most 512 tokens."""
