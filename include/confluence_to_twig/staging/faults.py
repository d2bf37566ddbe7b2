"""What goes wrong with staging itself: full, read-only, out of reach. Said as such, and never taken for a damaged file."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import ObjectStoragePath

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}
#: Libraries of object stores whose errors are no ``OSError``, by the first part of their module.
_OF_STORES = {"botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "azure"}
_NOTHING_LOST = "Nothing is lost: files appear whole or not at all, and the next try goes on from those that are there."


class StagingError(TransientError):
    """Staging is full, or does not answer."""


class StagingDeniedError(PermanentError):
    """Staging may not be read or written."""


@contextmanager
def naming_faults(path: ObjectStoragePath) -> Iterator[None]:
    """Raise faults of the store as :class:`StagingError` or :class:`StagingDeniedError`. What a file lacks stays as it is.

    :param path: what the block reads or writes, for the message.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        if (fault := _fault(path, error)) is None:
            raise
        raise fault from error


def _fault(path: ObjectStoragePath, error: Exception) -> StagingError | StagingDeniedError | None:
    """The fault behind an error; None: it is not the store's. A damaged Parquet file is an ``OSError`` without a number."""
    code = error.errno if isinstance(error, OSError) else None
    words = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    if code in _FULL:
        remedy = f"Make room there, or keep fewer runs (keep_runs). {_NOTHING_LOST}"
        return StagingError(f"Staging is full: {path} cannot be written ({words})", remedy)
    if code in _DENIED:
        remedy = f"Let the user or role that runs the tasks read and write there, and clear the task. {_NOTHING_LOST}"
        return StagingDeniedError(f"Staging refuses access to {path} ({words})", remedy)
    of_store = type(error).__module__.partition(".")[0] in _OF_STORES
    if code is not None or of_store or isinstance(error, (TimeoutError, ConnectionError)):
        remedy = f"See whether it is mounted, or whether the store can be reached from this machine. {_NOTHING_LOST}"
        return StagingError(f"Staging does not answer for {path} ({words})", remedy)
    return None
