"""Twigs that differ from the one of the contract: each is a documented state of a tenant, or an answer that a client must expect.

What is documented about them, with addresses: docs/twig-api-contract.md and docs/file-delivery.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.twig.keys import ALL_SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.twig.keys import Scope
    from sandbox.twig.server import SandboxTwig


@dataclass(frozen=True)
class Personality:
    """A kind of tenant.

    :param settings: fields of :class:`sandbox.twig.settings.Settings`. :param scopes: what a key of it may do.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ALL_SCOPES

    def play(self, twig: SandboxTwig) -> str:
        """Behave like it from now on; returns a key of the tenant."""
        for name, value in self.settings.items():
            setattr(twig.settings, name, value)
        return twig.keys.add(self.scopes)


PERSONALITIES: dict[str, Personality] = {
    # No page of Twig's documents a route that takes documents.
    "no documents route": Personality({"documents_status": 404, "listing_status": 404}),
    # "Static (manual upload) … Manual only": https://help.twig.so/product/data-integrations/files
    "static files only": Personality({"documents_status": 404, "listing_status": 404, "connector": "upload"}),
    # https://help.twig.so/cloud-storage/ms-sharepoint and the pages beside it list no .md and no .zip.
    "drive connector": Personality({"documents_status": 404, "listing_status": 404, "connector": "sharepoint"}),
    # 1,000 files an organisation on Free, as small here as a test needs it.
    "caps of a plan": Personality({"documents_status": 404, "connector": "sharepoint", "max_files": 4}),
    # Read, Write, Execute, Admin: https://help.twig.so/product/developer-api/rest-api
    "missing scopes": Personality(scopes=("Read",)),
    # View, Connect, Edit, Process for each data source: https://help.twig.so/administration/group-management
    "Process permission missing": Personality({"process_status": 403}),
    # Overview and Getting started print two envelopes and three kinds of errors.
    "other envelopes": Personality({"envelope": "bare", "errors": "string", "capitalised_status": True}),
    # Embeddings find what is alike: https://help.twig.so/getting-started/core-concepts
    "dense search": Personality({"search": "likeness"}),
}
