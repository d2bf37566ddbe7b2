"""The extra of an Airflow connection, with its secrets masked in logs."""

from __future__ import annotations

import json
import logging
from typing import Any

log = logging.getLogger(__name__)

#: Parts of the names of fields that hold secrets.
_SECRET = ("secret", "token", "password", "passphrase", "api_key", "apikey", "authorization")
#: Airflow masks nothing shorter (``[logging] min_length_masked_secret``), and warns of it.
_SHORTEST_MASKED = 5


def extra_of(connection: Any) -> dict[str, Any]:
    """The fields of a connection's extra; none of them when it is not a JSON object.

    ``Connection.extra_dejson`` hands every field to Airflow's masker, which warns in each task of a value that is too
    short to be masked, be it a space key such as ``PROD``. Here it hears of a short value only if that is a secret.
    """
    from airflow.sdk.log import mask_secret

    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        log.warning("The extra of connection %s is left out: it is no JSON object", connection.conn_id)
        return {}
    mask_secret({name: value for name, value in extra.items() if _is_long(value) or _is_secret(name)})
    return extra


def _is_long(value: Any) -> bool:
    return not isinstance(value, str) or len(value) >= _SHORTEST_MASKED


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRET)
