"""Which attached files are drawings: by the type that the apps give them, and by name."""

from __future__ import annotations

#: Type → its reader, as ``module:function``. Files of the macros have these types and mostly names without a suffix.
DIAGRAM_TYPES = {
    "application/vnd.jgraph.mxfile": "confluence_to_twig.content.diagrams.drawio:drawio_text",
    "application/gliffy+json": "confluence_to_twig.content.diagrams.gliffy:gliffy_text",
}
DIAGRAM_SUFFIXES = (".drawio", ".drawio.xml", ".drawio.svg", ".gliffy")
