"""Where are an audience's members kept? Frozen in a folder of their own, under a name that nobody can guess.

``<folder>/<audience_id>/`` holds ``read_metadata.json`` and ``read_members.arrow`` (Arrow IPC, memory-mapped when read): an order
number ``member`` from 1 on, ``customer_id``, ``holdout`` where there is one, and the columns asked for, in order. A
folder appears whole or not at all; who is forgotten is taken out of all files, and the order numbers of others stay.
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
    """Freeze an audience; its id.

    Args:
        folder: of all audiences.
        result: as ``finding.count`` returns it.
        allowed: asked again while nobody can be forgotten, so that whoever was since is not written down.
        created_at: now.
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
    """What an audience was made for; raises AudienceNotFound."""
    try:
        return AudienceMetadata.model_validate_json(
            (_audience_folder(folder, audience_id) / METADATA_FILE).read_bytes()
        )
    except FileNotFoundError:
        raise _audience_not_found(audience_id) from None


def read_members(folder: Path, audience_id: str) -> pa.Table:
    """All members, in order, without a copy in memory; raises AudienceNotFound."""
    try:
        with pa.memory_map(str(_audience_folder(folder, audience_id) / MEMBERS_FILE)) as source:
            return pa.ipc.open_file(source).read_all()
    except FileNotFoundError:
        raise _audience_not_found(audience_id) from None


def delete_customers(folder: Path, customer_ids: Sequence[str]) -> int:
    """Take customers out of every audience; the number of audiences that held any of them.

    Their consent must be gone before, so that no audience that is being stored brings them back.
    """
    wanted, changed = pa.array(sorted(set(customer_ids)), pa.string()), 0
    with _folder_lock(folder):
        _delete_drafts(folder)
        for audience_id in _audience_ids(folder):
            kept = read_members(folder, audience_id)
            held = pc.is_in(kept.column(ID_COLUMN), value_set=wanted)
            if pc.any(held, min_count=0).as_py():
                _write(kept.filter(pc.invert(held)), folder / audience_id / MEMBERS_FILE)
                changed += 1
    return changed


def delete_expired(folder: Path, max_age: timedelta, now: datetime) -> list[str]:
    """Delete audiences that are older than ``max_age`` at an instant, and drafts that nobody finished; their ids."""
    with _folder_lock(folder):
        _delete_drafts(folder)
        old = [one for one in _audience_ids(folder) if read_metadata(folder, one).created_at < now - max_age]
        for audience_id in old:
            # Renamed first: half of an audience is no audience.
            shutil.rmtree((folder / audience_id).rename(folder / f"{_DRAFT_PREFIX}{audience_id}"))
    return old


def _delete_drafts(folder: Path) -> None:
    """Remove drafts of whoever was killed; the lock is held, so they are nobody's."""
    for draft in folder.glob(f"{_DRAFT_PREFIX}*"):
        shutil.rmtree(draft)


def _audience_ids(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if _ID_PATTERN.fullmatch(one.name))


def _audience_folder(folder: Path, audience_id: str) -> Path:
    if not _ID_PATTERN.fullmatch(audience_id):
        raise _audience_not_found(audience_id)
    return folder / audience_id


def _write(table: pa.Table, path: Path) -> None:
    """The file is there whole, or the one before it still is."""
    with (
        atomic_write(path) as temporary,
        pa.OSFile(str(temporary), "wb") as target,
        pa.ipc.new_file(target, table.schema) as writer,
    ):
        writer.write_table(table.combine_chunks(), max_chunksize=BATCH_SIZE)


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Alone among all processes that change audiences; readers need not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _audience_not_found(audience_id: str) -> AudienceNotFound:
    return AudienceNotFound(
        f"There is no audience {audience_id[:40]!r}: it never was, or it has expired. "
        "Make a new one: POST /v1/audiences."
    )
