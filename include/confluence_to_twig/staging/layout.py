"""Where each file of a run lies below the staging root."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from confluence_to_twig.staging.files import files_in, make_local_folder

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

ROOT_VARIABLE = "CONFLUENCE_TWIG_STAGING"
GROUP_VARIABLE = "CONFLUENCE_TWIG_STAGING_GROUP"


def staging_root() -> ObjectStoragePath:
    """The root from ``CONFLUENCE_TWIG_STAGING``, else ``[confluence_to_twig] staging`` (any object-storage URL or local
    path), else below AIRFLOW_HOME."""
    from airflow.sdk import conf

    root = os.environ.get(ROOT_VARIABLE) or conf.get("confluence_to_twig", "staging", fallback=None)
    if not root:
        home = os.environ.get("AIRFLOW_HOME") or os.path.dirname(conf.get("core", "dags_folder"))  # noqa: PTH120
        root = os.path.join(home, "staging")  # noqa: PTH118
    return root_at(root)


def group_may_use() -> bool:
    """Whether the group of the staging folders may read and write in them: ``CONFLUENCE_TWIG_STAGING_GROUP``, else
    ``[confluence_to_twig] staging_group``; else only their owner may."""
    from airflow.sdk import conf

    said = os.environ.get(GROUP_VARIABLE) or conf.get("confluence_to_twig", "staging_group", fallback="")
    return said.strip().lower() in {"1", "true", "yes", "on"}


def close_to_others(home: ObjectStoragePath, *, group: bool) -> None:
    """Let only the owner of a local folder into it, or its group, too. What an object store lets in is set there.

    :param home: the folder of one source, which is made if it is not there; everything below it is closed with it.
    """
    if home.protocol != "file":
        return
    folder, wanted = Path(home.path), 0o2770 if group else 0o700
    make_local_folder(folder)
    try:
        if folder.stat().st_mode & 0o7777 != wanted:
            folder.chmod(wanted)
    except OSError as error:
        log.warning("%s stays open to others: its mode cannot be set to %o (%s)", home, wanted, error.strerror)


def root_at(location: str) -> ObjectStoragePath:
    """An object-storage URL, or a local path, as a path that tasks can use."""
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.io import attach
    from fsspec.implementations.local import LocalFileSystem

    if "://" not in location:
        location = "file://" + os.path.abspath(location)  # noqa: PTH100
    if location.startswith("file://"):
        # Left to find a file system by itself, Airflow imports those of all providers: with Amazon's, 0.4 s in each task.
        attach("file", fs=LocalFileSystem())
    return ObjectStoragePath(location)


def folder_name(run_id: str) -> str:
    """A run id as one safe path segment: ``manual__2026-11-22T10:00:00+00:00`` keeps all but ``:`` and ``+``."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id)


@dataclass(frozen=True)
class SourceStaging:
    """The files of one source that outlive a run; or of one audience of it, which has a manifest of its own.

    :param audience: key of the audience; empty: the source itself.
    """

    root: ObjectStoragePath
    source: str
    audience: str = ""

    @cached_property  # every file of a source is asked for through it, and to make a path costs more than to open a small file
    def home(self) -> ObjectStoragePath:
        own = self.root / self.source
        return own / "audiences" / self.audience if self.audience else own

    def of_audience(self, key: str) -> SourceStaging:
        """The files of what is loaded for one audience."""
        return SourceStaging(self.root, self.source, key)

    @property
    def audience_book(self) -> ObjectStoragePath:
        """Which audiences the source has loaded pages for."""
        return self.root / self.source / "audiences.json"

    @property
    def manifest(self) -> ObjectStoragePath:
        return self.home / "manifest.parquet"

    @property
    def runs(self) -> ObjectStoragePath:
        return self.home / "runs"

    @property
    def audit(self) -> ObjectStoragePath:
        return self.home / "audit"

    @property
    def unreadable(self) -> ObjectStoragePath:
        return self.home / "unreadable"

    def bundle(self, key: str) -> ObjectStoragePath:
        """What a file for Twig is made of that holds several pages."""
        return self.home / "bundles" / f"{key}.parquet"

    @property
    def doctor(self) -> ObjectStoragePath:
        """What the doctor found when it looked last."""
        return self.home / "doctor.json"

    def run(self, run_id: str) -> RunStaging:
        """The files of one run of this source."""
        return RunStaging(self.runs / folder_name(run_id))


@dataclass(frozen=True)
class RunStaging:
    """The files of one run."""

    home: ObjectStoragePath

    def inventory(self, space_id: str) -> ObjectStoragePath:
        """What the sweep of one space saw."""
        return self.home / "inventory" / f"{folder_name(space_id)}.parquet"

    def inventories(self) -> list[ObjectStoragePath]:
        """What the sweeps of all spaces saw, as far as they are there. Format 1 had one space, and its file beside the plan."""
        files = [self.home / "inventory" / name for name in files_in(self.home / "inventory")]
        return files or [self.home / "inventory.parquet"]

    @property
    def plan(self) -> ObjectStoragePath:
        return self.home / "plan.parquet"

    @property
    def report(self) -> ObjectStoragePath:
        return self.home / "report.json"

    @property
    def held_back(self) -> ObjectStoragePath:
        """What load did not send: it would take much text out of Twig, and somebody has to approve that."""
        return self.home / "held.json"

    def pages(self, shard: int) -> ObjectStoragePath:
        return self.home / "pages" / f"shard-{shard:04d}.parquet"

    def documents(self, shard: int) -> ObjectStoragePath:
        return self.home / "documents" / f"shard-{shard:04d}.parquet"

    def chunks(self, shard: int) -> ObjectStoragePath:
        return self.home / "chunks" / f"shard-{shard:04d}.parquet"

    def quarantine(self, stage: str, shard: int) -> ObjectStoragePath:
        return self.home / "quarantine" / f"{stage}-{shard:04d}.parquet"
