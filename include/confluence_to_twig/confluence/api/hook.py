"""The Airflow hook: a connection of type ``confluence`` or ``jira`` as a client, and its Test button."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from confluence_to_twig.confluence.api.expiry import expiry_warning
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.http.connection_extra import extra_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.sign_in import SignIn

TEST_ATTEMPTS = 2
TEST_SECONDS = 20.0


def settings_from(connection: Any) -> ConfluenceSettings:
    """A connection of Airflow, checked.

    :raises confluence_to_twig.confluence.api.errors.SettingsError: naming the field and what to enter.
    """
    return ConfluenceSettings.from_fields(
        connection.host,
        connection.login,
        connection.password,
        extra_of(connection),
        scheme=connection.schema if connection.schema in ("http", "https") else None,
        port=connection.port,
    )


class ConfluenceHook(BaseHook):
    """Reads Confluence with the credentials of an Airflow connection. Does no I/O before it is asked to.

    Both connection types keep the domain in ``host``, the e-mail in ``login`` and the API token in ``password``.

    :param confluence_conn_id: the connection.
    """

    conn_name_attr = "confluence_conn_id"
    default_conn_name = "confluence_default"
    conn_type = "confluence"
    hook_name = "Confluence"

    def __init__(self, confluence_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.confluence_conn_id = confluence_conn_id

    def settings(self) -> ConfluenceSettings:
        """The connection, checked.

        :raises confluence_to_twig.confluence.api.errors.SettingsError: naming the field and what to enter.
        """
        return settings_from(self.get_connection(self.confluence_conn_id))

    def client(self, signed_in: SignIn | Mapping[str, Any] | None = None) -> ConfluenceClient:
        """A client to use in a ``with`` block.

        :param signed_in: what an earlier task's client found out about signing in.
        """
        from confluence_to_twig.confluence.api.client import ConfluenceClient

        return ConfluenceClient(self.settings(), signed_in=signed_in)

    def get_conn(self) -> ConfluenceClient:
        """The same as :meth:`client`, under the name that Airflow's hooks have for it."""
        return self.client()

    def test_connection(self) -> tuple[bool, str]:
        """What the Test button shows: the number of pages in the connection's space, or what is wrong and what to do.

        Never raises.
        """
        try:
            return True, self._test()
        except PipelineError as error:
            return False, error.sentences
        except Exception as error:
            self.log.exception("Testing the connection failed")
            return (
                False,
                f"The test broke off: {type(error).__name__}. The log of the worker that ran it has the details.",
            )

    def _test(self) -> str:
        from confluence_to_twig.confluence.api.client import ConfluenceClient
        from confluence_to_twig.http.retry import Patience

        settings = self.settings()
        patience = Patience(attempts=TEST_ATTEMPTS, seconds=TEST_SECONDS)
        with ConfluenceClient(settings, patience=patience) as client:
            if settings.space_key:
                count = client.count(client.space(settings.space_key))
                message = f"Connection successful, found {count}"
            else:
                name, spaces = client.sign_in().display_name, len(client.api.visible_spaces())
                message = (
                    f"Connection successful, signed in as {name}; {spaces} {'space' if spaces == 1 else 'spaces'} visible. "
                    "Add a space key to the connection to count its pages"
                )
        warning = expiry_warning(settings.token_expires_on, datetime.now(UTC).date())
        return f"{message}. {warning}" if warning else message
