"""The version of the converter. In a module of its own, since `discover` compares it and converts nothing."""

from __future__ import annotations

#: Part of every content hash: a new version makes the next run convert and load every page again.
CONVERTER_VERSION = "5"
