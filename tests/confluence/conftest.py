"""Sandbox sites with a small space, and clients that sign in to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.http.retry import Patience
from sandbox.confluence.sandbox import SandboxConfluence, serve
from tests.confluence.spaces import QUICK, settings_of, small_space

ClientFactory = Callable[..., ConfluenceClient]


@pytest.fixture
def sandbox() -> Iterator[SandboxConfluence]:
    """A Cloud site with the small space."""
    with serve(small_space()) as served:
        yield served


@pytest.fixture
def data_center() -> Iterator[SandboxConfluence]:
    """A Data Center site with the small space, with a context path in its address."""
    served = SandboxConfluence(small_space(), deployment="datacenter", context_path="/confluence")
    with served.serve():
        yield served


@pytest.fixture
def connect() -> Iterator[ClientFactory]:
    """Makes clients of a sandbox, closed at the end: ``connect(sandbox, token=…, signed_in=…)``."""
    clients: list[ConfluenceClient] = []

    def factory(
        sandbox: SandboxConfluence, *, signed_in: Any = None, patience: Patience = QUICK, **fields: Any
    ) -> ConfluenceClient:
        client = ConfluenceClient(settings_of(sandbox, **fields), signed_in=signed_in, patience=patience)
        clients.append(client)
        return client

    yield factory
    for client in clients:
        with client:
            pass


@pytest.fixture
def client(sandbox: SandboxConfluence, connect: ClientFactory) -> ConfluenceClient:
    """A client of the small space, quick to give up."""
    return connect(sandbox)
