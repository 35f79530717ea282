"""Tag state file: ``tags/<destination>.parquet`` of a home, replaced as a whole under the lock of the folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import StoreDamaged, StoreUnavailable
from features.storage.atomic_files import atomic_write
from features.storage.row_deletion import delete_rows
from serving.audiences.export.audience_folder import folder_lock
from serving.tags.contacts import CONTACT_COLUMNS, CUSTOMER_ID
from serving.tags.destinations import FOLDER
from serving.tags.tag_sets import TagSets
from serving.tags.tag_state import TagExport, TagState

_METADATA_KEY = b"flywheel.tags"
_NUMBER, _SETS = "number", ("certain", "possible", "target")


@contextmanager
def locked_states(home: Path) -> Iterator[None]:
    """Lock the states for one process that changes them, and remove the drafts of a killed one; readers do not wait."""
    with folder_lock(home / FOLDER):
        for draft in (home / FOLDER).glob("*.tmp"):
            draft.unlink()
        yield


def state_path(home: Path, destination: str) -> Path:
    """Return the path of the state of a destination."""
    return home / FOLDER / f"{destination}.parquet"


def state_files(home: Path) -> list[Path]:
    """Return the states of all destinations, also of those that the configuration names no more."""
    return sorted((home / FOLDER).glob("*.parquet"))


def read_state(path: Path) -> TagState:
    """Return the state of a destination; an empty one before the first export.

    Raises:
        StoreDamaged: the file is not as it was written.
    """
    if not path.is_file():
        return TagState.empty()
    try:
        table = pq.read_table(path)
        fields = orjson.loads(table.schema.metadata[_METADATA_KEY])
        sets = (TagSets.from_arrow(table[name]) for name in _SETS)
        return TagState(TagExport(**fields), table[_NUMBER].to_numpy(), table.select(list(CONTACT_COLUMNS)), *sets)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise StoreDamaged(
            f"Found {path} damaged ({type(error).__name__}); expected the tags that the tool has. Restore it from a "
            "backup; or delete these groups of tags in the tool, remove the file, and export all tags again."
        ) from None


def write_state(path: Path, state: TagState) -> None:
    """Replace the state of a destination atomically; the caller holds the lock.

    Raises:
        StoreUnavailable: the file cannot be written; the old one stays.
    """
    sets = (state.certain.to_arrow(), state.possible.to_arrow(), state.target.to_arrow())
    table = pa.table({
        _NUMBER: state.numbers,
        **{name: state.recipients[name] for name in CONTACT_COLUMNS},
        **dict(zip(_SETS, sets, strict=True)),
    })  # fmt: skip
    metadata = {_METADATA_KEY: orjson.dumps(None if state.export is None else asdict(state.export))}
    try:
        with atomic_write(path) as temporary:
            pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")
    except OSError as error:
        raise StoreUnavailable(
            f"Found no way to write {path} ({error.strerror or error}); expected free disk space and write access. The "
            "state is as it was: free space or grant access, then repeat the command."
        ) from None


def delete_customers(home: Path, customer_ids: Sequence[str]) -> dict[str, int]:
    """Delete customers from all states; return the number of their recipients by destination, where there were any.

    The ledger must have their erasure first, so that no export that is being begun brings them back.

    Raises:
        StoreDamaged: a state cannot be read; the customers were deleted from all others.
    """
    paths, counts, damaged = state_files(home), dict[str, int](), list[str]()
    if not customer_ids or not paths:
        return counts
    with locked_states(home):
        for path in paths:
            try:
                counts[f"{FOLDER}/{path.stem}"] = _delete_rows(path, customer_ids)
            except StoreDamaged:
                damaged.append(str(path))
    if damaged:
        raise StoreDamaged(
            f"Found no way to delete customers from {', '.join(damaged)}; expected what Flywheel wrote. Restore it "
            "from a backup, or remove it."
        )
    return {name: count for name, count in counts.items() if count}


def tagged_customers(home: Path) -> Iterator[str]:
    """Yield the customers of all states that can be read."""
    for path in state_files(home):
        with suppress(StoreDamaged):
            yield from read_state(path).recipients[CUSTOMER_ID].unique().to_pylist()


def _delete_rows(path: Path, customer_ids: Sequence[str]) -> int:
    """Delete customers from one state; raises StoreDamaged for one of which any part cannot be read."""
    read_state(path)
    return delete_rows(path, customer_ids)
