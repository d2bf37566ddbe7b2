"""The people of the sample space. Both forms of account id that Confluence has made over the years occur."""

from __future__ import annotations

from sandbox.seed import SeedUser

SYNC_EMAIL = "sync@example.com"
SYNC_TOKEN = "sandbox-confluence-token"  # noqa: S105 - the sandbox's published token, of no use elsewhere

# The short name is what the authoring format writes: {@mara}.
PEOPLE: dict[str, SeedUser] = {
    "sync": SeedUser("712020:0f6c1c52-6a2e-4a0d-9f1b-3d5be7c9a410", "Docs Sync", SYNC_EMAIL, SYNC_TOKEN),
    "mara": SeedUser("557058:2b7d9e14-53c8-4e6f-8a0b-91d4c6f7e235", "Mara Lindqvist", "mara.lindqvist@kelvane.example"),
    "tomas": SeedUser("5e8f1c2a9b3d4e0c7a6f5b21", "Tomáš Veselý", "tomas.vesely@kelvane.example"),
    "aiko": SeedUser("712020:8e41b0c7-2f95-4d38-b6aa-07c3d9e1f254", "Aiko Tanabe", "aiko.tanabe@kelvane.example"),
    "devon": SeedUser("5f2a7bd10c9e8f004d6b3a17", "Devon Okafor", "devon.okafor@kelvane.example"),
    "ines": SeedUser("712020:d2f0a6b3-4c71-4b9e-a85d-5e6f7c8091ab", "Inés Carvalho", "ines.carvalho@kelvane.example"),
    "priya": SeedUser("712020:41c9e7f8-b30a-4d6c-9e52-f8a7b6c5d4e3", "Priya Raman", "priya.raman@kelvane.example"),
    "jonas": SeedUser("60a4d3f2b1c0e9006b8a7c54", "Jonas Brandt", "jonas.brandt@kelvane.example"),
    "leila": SeedUser("712020:7a6b5c4d-3e2f-4a1b-8c0d-9e8f7a6b5c4d", "Leila Haddad", "leila.haddad@kelvane.example"),
}

ACCOUNT_IDS: dict[str, str] = {name: user.account_id for name, user in PEOPLE.items()}
WRITERS: tuple[str, ...] = tuple(name for name in PEOPLE if name != "sync")
