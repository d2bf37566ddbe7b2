"""The last inventory: what the newest look at a space left, for the next one to go on from.

One Parquet file for each space, ``<source>/inventory/<space id>.parquet``: the rows of the inventory, and in the file's
metadata what is known of the looks that made it. One file is written in one step, so rows and state always belong
together. Lost or damaged, the next run sweeps.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import file_system, keys_in, write_bytes
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.parquet import TABLE_GROUP_ROWS, TABLE_OPTIONS, read_table, with_format
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

STATE_KEY = b"confluence-to-twig.looks"
_TIMES = ("looked_at", "attached_since", "swept_at", "swept_for", "listed_at")


@dataclass(frozen=True)
class LookState:
    """What is known of the looks that an inventory comes from. Times by the clock of the machine that looked.

    :param settings: of which settings and which account; another value means that the inventory is somebody else's.
    :param looked_at: when the last good look began.
    :param attached_since: when the last look that saw all new comments and attachments began; None: no look did.
    :param swept_at: when the last full sweep began. :param swept_for: the time that the run of it was scheduled for.
    :param baseline: hits that search counted beyond the rows of that sweep; None: search told no total.
    :param suspicion: the difference between the total and what was expected, as the last look saw it.
    :param false_alarms: sweeps that such a difference started since then, and that found nothing.
    :param checked_up_to: contents up to this id were asked for since the last full sweep.
    :param listed_at: when the last look that listed the whole space began; None: the last full sweep did.
    """

    settings: str
    looked_at: datetime
    attached_since: datetime | None
    swept_at: datetime
    swept_for: datetime
    baseline: int | None = None
    suspicion: int = 0
    false_alarms: int = 0
    checked_up_to: int = -1
    listed_at: datetime | None = None

    def to_json(self) -> str:
        """The state as it stands in the file."""
        times = {name: moment and moment.isoformat() for name in _TIMES for moment in (getattr(self, name),)}
        return json.dumps(asdict(self) | times)

    @classmethod
    def from_json(cls, text: str) -> LookState:
        """The inverse of :meth:`to_json`. Raises ``ValueError``, ``KeyError`` or ``TypeError`` for anything else."""
        data: dict[str, Any] = json.loads(text)
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        times = {name: known[name] and datetime.fromisoformat(known[name]) for name in _TIMES if name in known}
        return cls(**(known | times))


@dataclass(frozen=True)
class LastInventory:
    """The rows, :data:`confluence_to_twig.staging.schemas.INVENTORY`, and how they came about."""

    table: pa.Table
    state: LookState


def last_inventory_of(staging: SourceStaging, space_id: str) -> ObjectStoragePath:
    """Where the last inventory of a space lies."""
    return staging.home / "inventory" / f"{folder_name(space_id)}.parquet"


def read_last_inventory(path: ObjectStoragePath) -> LastInventory | None:
    """The last inventory, or None when there is none, or none that this release can go on from."""
    try:
        table = read_table(path)
        state = LookState.from_json((table.schema.metadata or {})[STATE_KEY].decode())
        return LastInventory(table.select(INVENTORY.names).cast(INVENTORY), state)
    except FileNotFoundError:
        return None
    except (PipelineError, pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be used (%s): this run sweeps", path, type(error).__name__)
        return None


def read_look_state(path: ObjectStoragePath) -> tuple[LookState, int] | None:
    """The state and the number of rows alone, from the end of the file; None as for :func:`read_last_inventory`."""
    try:
        with file_system(path).open(path.path, "rb") as file:
            metadata = pq.read_metadata(file)
        return LookState.from_json((metadata.metadata or {})[STATE_KEY].decode()), metadata.num_rows
    except (PipelineError, pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return None


def look_states(staging: SourceStaging) -> dict[str, tuple[LookState, int]]:
    """State and number of rows of the last inventory of each space of a source, by :func:`folder_name` of its id. One listing;
    a file is read again only after it changed."""
    folder = staging.home / "inventory"
    names = {name: key for name, key in keys_in(folder).items() if name.endswith(".parquet")}
    states = {name: _remembered_look_state(folder / name, key) for name, key in names.items()}
    return {name.removesuffix(".parquet"): known for name, known in states.items() if known}


def newest_look(staging: SourceStaging) -> LookState | None:
    """The state of the inventory that was looked at last, of all spaces of a source; None: there is none."""
    return max((state for state, _ in look_states(staging).values()), key=lambda it: it.looked_at, default=None)


def write_last_inventory(path: ObjectStoragePath, last: LastInventory) -> None:
    """Replace the last inventory in one step."""
    write_bytes(path, inventory_file(last.table, last.state))


def inventory_file(table: pa.Table, state: LookState | None) -> bytes:
    """An inventory as it lies in staging: of a run, and as the last one. The rows of both are the same, and encoded once.

    :param state: what the next look goes on from; None: it cannot.
    """
    file = pa.BufferOutputStream()
    schema = with_format(INVENTORY.with_metadata({STATE_KEY: state.to_json().encode()} if state else None))
    pq.write_table(table.cast(schema), file, row_group_size=TABLE_GROUP_ROWS, **TABLE_OPTIONS)
    return bytes(file.getvalue())


_remembered_look_state = Remembered(read_look_state, keep=5_000)
#: :func:`read_last_inventory` for whoever asks often: the file is read again only after it changed.
remembered_last_inventory = Remembered(read_last_inventory, keep=20)
