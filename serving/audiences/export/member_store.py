"""Member store: one folder per audience with its members at creation; the id is random and cannot be guessed.

``<folder>/<audience_id>/`` holds ``metadata.json`` and ``members.arrow`` (Arrow IPC, memory-mapped when read): an order
number ``member`` from 1 on, ``customer_id``, ``holdout`` if there is one, and the requested columns, in order. A folder
appears complete or not at all. Erased customers are deleted from all files, and the order numbers of others stay.
"""

from __future__ import annotations

import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.storage.atomic_files import atomic_write, replace_text
from serving.audiences.builder import MEMBER_COLUMN, AudienceResult, ConsentCheck
from serving.audiences.errors import AudienceNotFound
from serving.audiences.export.metadata import AudienceMetadata, metadata_of
from serving.audiences.query.scores_table import ID_COLUMN

MEMBERS_FILE, METADATA_FILE, _LOCK_FILE = "members.arrow", "metadata.json", ".lock"
BATCH_SIZE = 65_536  # members in a batch of the file
_ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_DRAFT_PREFIX = ".draft-"


def store_audience(folder: Path, result: AudienceResult, allowed: ConsentCheck, created_at: datetime) -> str:
    """Store the members of an audience and return its id.

    Args:
        folder: the folder of all audiences.
        result: as ``build_audience`` returns it.
        allowed: the consent check; called under the lock, so that no customer erased in the meantime is stored.
        created_at: the instant of creation.
    """
    audience_id = secrets.token_urlsafe(16)
    members = result.members()
    members = members.add_column(0, MEMBER_COLUMN, pa.array(np.arange(1, len(members) + 1)))
    draft = folder / f"{_DRAFT_PREFIX}{audience_id}"
    with _folder_lock(folder):
        draft.mkdir()
        _write(members.filter(pa.array(allowed(members.column(ID_COLUMN).combine_chunks()))), draft / MEMBERS_FILE)
        replace_text(
            draft / METADATA_FILE, metadata_of(audience_id, result, created_at).model_dump_json(by_alias=True, indent=1)
        )
        draft.rename(folder / audience_id)
    return audience_id


def read_metadata(folder: Path, audience_id: str) -> AudienceMetadata:
    """Return the metadata of a stored audience.

    Raises:
        AudienceNotFound: no audience is stored under this id.
    """
    try:
        return AudienceMetadata.model_validate_json(
            (_audience_folder(folder, audience_id) / METADATA_FILE).read_bytes()
        )
    except FileNotFoundError:
        raise _audience_not_found(audience_id) from None


def read_members(folder: Path, audience_id: str) -> pa.Table:
    """Return all members, in order, without a copy in memory.

    Raises:
        AudienceNotFound: no audience is stored under this id.
    """
    try:
        with pa.memory_map(str(_audience_folder(folder, audience_id) / MEMBERS_FILE)) as source:
            return pa.ipc.open_file(source).read_all()
    except FileNotFoundError:
        raise _audience_not_found(audience_id) from None


def delete_customers(folder: Path, customer_ids: Sequence[str]) -> int:
    """Delete customers from every audience; return the number of changed audiences.

    The ledger must have their erasure first, so that no audience that is being stored brings them back.
    """
    erased_ids, changed = pa.array(sorted(set(customer_ids)), pa.string()), 0
    with _folder_lock(folder):
        _delete_drafts(folder)
        for audience_id in _audience_ids(folder):
            members = read_members(folder, audience_id)
            matches = pc.is_in(members.column(ID_COLUMN), value_set=erased_ids)
            if pc.any(matches, min_count=0).as_py():
                _write(members.filter(pc.invert(matches)), folder / audience_id / MEMBERS_FILE)
                changed += 1
    return changed


def delete_expired(folder: Path, max_age: timedelta, now: datetime) -> list[str]:
    """Delete audiences older than ``max_age``, and unfinished drafts; return the ids of the deleted audiences."""
    with _folder_lock(folder):
        _delete_drafts(folder)
        expired = [
            audience_id
            for audience_id in _audience_ids(folder)
            if read_metadata(folder, audience_id).created_at < now - max_age
        ]
        for audience_id in expired:
            # The rename comes first, so that no reader sees half of an audience.
            shutil.rmtree((folder / audience_id).rename(folder / f"{_DRAFT_PREFIX}{audience_id}"))
    return expired


def _delete_drafts(folder: Path) -> None:
    """Delete the drafts of killed processes; under the lock no other process has one."""
    for draft in folder.glob(f"{_DRAFT_PREFIX}*"):
        shutil.rmtree(draft)


def _audience_ids(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if _ID_PATTERN.fullmatch(path.name))


def _audience_folder(folder: Path, audience_id: str) -> Path:
    if not _ID_PATTERN.fullmatch(audience_id):
        raise _audience_not_found(audience_id)
    return folder / audience_id


def _write(table: pa.Table, path: Path) -> None:
    """Replace the file by an atomic write."""
    with (
        atomic_write(path) as temporary,
        pa.OSFile(str(temporary), "wb") as target,
        pa.ipc.new_file(target, table.schema) as writer,
    ):
        writer.write_table(table.combine_chunks(), max_chunksize=BATCH_SIZE)


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Lock the folder for one process that changes audiences; readers do not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _audience_not_found(audience_id: str) -> AudienceNotFound:
    return AudienceNotFound(
        f"Found no audience {audience_id[:40]!r}: it never existed, or it has expired. "
        "Create a new one: POST /v1/audiences."
    )
