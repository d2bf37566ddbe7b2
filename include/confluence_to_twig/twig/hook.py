"""Airflow hook for the connection type ``twig``: the Twig of a connection."""

from __future__ import annotations

from airflow.sdk import BaseHook

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.http.connection_extra import extra_of
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings


class TwigHook(BaseHook):
    """The Twig organisation that an Airflow connection names.

    :param twig_conn_id: host = API address, password = API key, extra: see :mod:`confluence_to_twig.twig.connection_form`.
    """

    conn_name_attr = "twig_conn_id"
    default_conn_name = "twig_default"
    conn_type = "twig"
    hook_name = "Twig"

    def __init__(self, twig_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.twig_conn_id = twig_conn_id

    def settings(self) -> TwigSettings:
        """The connection's fields, checked. Raises :class:`~confluence_to_twig.errors.PermanentError` for a mistake in them."""
        connection = self.get_connection(self.twig_conn_id)
        return TwigSettings.from_fields(connection.host, connection.password, extra_of(connection), connection.port)

    def client(self) -> TwigClient:
        """A client for this connection; close it, or use it as a context manager."""
        return TwigClient(self.settings())

    def get_conn(self) -> TwigClient:
        """The same as :meth:`client`, under the name that Airflow expects."""
        return self.client()

    def test_connection(self) -> tuple[bool, str]:
        """What the Test button shows. Never raises."""
        try:
            with TwigClient(self.settings(), patience_s=20) as client:
                found = sum(1 for _ in client.list_data_sources())
        except PipelineError as error:
            return False, error.sentences
        except Exception as error:
            # Only the type: the text of an unforeseen error may hold anything, the key included.
            return False, f"The connection could not be tested: {type(error).__name__}"
        return True, f"Connection successful, found {found:,} data source{'' if found == 1 else 's'}"
