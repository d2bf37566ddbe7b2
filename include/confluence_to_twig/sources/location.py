"""Where the sources are written down, and their text: a file, an object store, or an Airflow Variable.

A store that does not answer must not take DAGs away: what was read last and could be used is kept in AIRFLOW_HOME.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from confluence_to_twig.errors import PipelineError

SOURCES_VARIABLE = "CONFLUENCE_TWIG_SOURCES"
VARIABLE_SCHEME = "variable://"
#: So long a DAG file waits for an object store, and before that for its client, whose import can take seconds on a busy
#: machine. Airflow gives a DAG file 30 s.
PATIENCE_SECONDS = 8.0
CLIENT_SECONDS = 15.0


class UnreadableError(Exception):
    """The sources could not be read; the text says where, why, and what to do."""


def airflow_home() -> Path:
    """AIRFLOW_HOME, or Airflow's own default."""
    return Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()


def configured_location() -> str:
    """``CONFLUENCE_TWIG_SOURCES``, else ``[confluence_to_twig] sources``, else ``$AIRFLOW_HOME/include/sources.yaml``."""
    if location := os.environ.get(SOURCES_VARIABLE):
        return location
    from airflow.sdk import conf

    configured: str | None = conf.get("confluence_to_twig", "sources", fallback=None)
    return configured or str(airflow_home() / "include" / "sources.yaml")


def is_remote(location: str) -> bool:
    """Whether something else than this machine's files has to answer."""
    return "://" in location and not location.startswith("file://")


def display_name(location: str) -> str:
    """The location as messages show it: a file by its name, a URL without a password that may be in it."""
    if "://" not in location:
        return Path(location).name or location
    parts = urlsplit(location)
    if parts.password is None:
        return location
    return location.replace(f":{parts.password}@", ":***@", 1)


def read_text(location: str) -> str:
    """The text at a location. Bytes that are not UTF-8 come as lone surrogates, which no YAML may contain.

    :raises UnreadableError: it is not there, or did not answer in time.
    """
    if location.startswith(VARIABLE_SCHEME):
        return _variable(location.removeprefix(VARIABLE_SCHEME))
    data = _object(location) if is_remote(location) else _file(location)
    return data.decode("utf-8-sig", errors="surrogateescape")


def _file(location: str) -> bytes:
    path = Path(urlsplit(location).path if "://" in location else location).expanduser()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError(
            f"{path}: there is no such file; create it, or set {SOURCES_VARIABLE} to a path, an object-storage URL or "
            f"{VARIABLE_SCHEME}name"
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from None


def _variable(name: str) -> str:
    from airflow.sdk import Variable

    try:
        value = Variable.get(name, default=None)
    except Exception as error:
        # Each secrets backend fails in its own way, and its words may hold anything.
        raise UnreadableError(
            f"{VARIABLE_SCHEME}{name}: the Variable cannot be read ({type(error).__name__}); see the log of the secrets "
            "backend or of Airflow's API server"
        ) from None
    if value is None:
        raise UnreadableError(f"{VARIABLE_SCHEME}{name}: there is no such Variable; create it under Admin → Variables")
    return str(value)


def _object(location: str) -> bytes:
    """Read in a thread: none of the clients below can be told to give up after so many seconds in all."""
    found: list[bytes] = []
    failures: list[Exception] = []
    has_client = threading.Event()

    def read() -> None:
        from airflow.sdk import ObjectStoragePath

        try:
            path = ObjectStoragePath(location)
            _ = path.fs  # imports the client of the store
            has_client.set()
            found.append(path.read_bytes())
        except Exception as error:
            failures.append(error)
            has_client.set()

    thread = threading.Thread(target=read, name="read sources", daemon=True)
    thread.start()
    has_client.wait(CLIENT_SECONDS)
    thread.join(PATIENCE_SECONDS)
    if found:
        return found[0]
    shown = display_name(location)
    if not failures:
        raise UnreadableError(
            f"{shown}: no answer within {PATIENCE_SECONDS:.0f} s; check that the store can be reached"
        )
    raise UnreadableError(f"{shown}: {_reason(failures[0])}")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no such object; create it, or set {SOURCES_VARIABLE} to another place"
    no_client = isinstance(error, ValueError) and "filesystem" in str(error)  # Airflow's and universal_pathlib's words
    if isinstance(error, ImportError) or no_client:
        return f"a package is missing ({error}); for s3:// install confluence-to-twig[s3]"
    return f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:300]}"


@dataclass(frozen=True)
class LastGood:
    """The copy of the text that a remote location gave last and that could be used."""

    location: str

    @property
    def path(self) -> Path:
        digest = hashlib.sha256(self.location.encode()).hexdigest()[:16]
        return airflow_home() / "confluence_to_twig" / f"sources-{digest}.yaml"

    def read(self) -> tuple[str, datetime] | None:
        """The text and when it was read, or None."""
        try:
            text = self.path.read_text(encoding="utf-8")
            return text, datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        except OSError:
            return None

    def write(self, text: str) -> None:
        """Replace the copy. A home that cannot be written to only means that there is none."""
        from confluence_to_twig.staging.files import write_bytes
        from confluence_to_twig.staging.layout import root_at

        with contextlib.suppress(PipelineError):
            write_bytes(root_at(str(self.path)), text.encode())
