"""Member store: one folder per audience with its members at creation; the id is random and cannot be guessed.

``<folder>/<audience_id>/`` holds ``metadata.json`` and ``members.arrow``: an order number ``member`` from 1 on,
``customer_id``, ``holdout`` if there is one, and the requested columns, in order. A folder appears complete or not at
all. Erased customers are deleted from all files, and the order numbers of others stay.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import StoreUnavailable
from features.storage.atomic_files import replace_text
from features.storage.file_identity import FileIdentity, identity_of
from serving.audience_policy import AudiencePolicy
from serving.audiences.builder import MEMBER_COLUMN, AudienceResult, ConsentCheck
from serving.audiences.errors import AudienceStorageFull
from serving.audiences.export import member_file
from serving.audiences.export.audience_folder import (
    DAMAGED_PREFIX,
    DRAFT_PREFIX,
    audience_ids,
    delete_audience,
    delete_drafts,
    folder_lock,
    open_audience,
    set_aside,
)
from serving.audiences.export.metadata import AudienceMetadata, metadata_of
from serving.audiences.export.quota import StoredAudience, check_quota
from serving.audiences.query.scores_table import ID_COLUMN

MEMBERS_FILE, METADATA_FILE = "members.arrow", "metadata.json"


def store_audience(
    folder: Path,
    result: AudienceResult,
    allowed: ConsentCheck,
    created_at: datetime,
    created_by: str,
    policy: AudiencePolicy,
) -> str:
    """Store the members of an audience and return its id.

    Args:
        folder: the folder of all audiences.
        result: as ``build_audience`` returns it.
        allowed: the consent check; called under the lock, so that no customer erased in the meantime is stored.
        created_at: the instant of creation, by the clock of the machine.
        created_by: the actor whose quota it counts against.
        policy: the quotas.

    Raises:
        AudienceStorageFull: a quota is used up, or the disk is full.
    """
    audience_id = secrets.token_urlsafe(16)
    members = result.members()
    members = members.add_column(0, MEMBER_COLUMN, pa.array(np.arange(1, len(members) + 1)))
    metadata = metadata_of(audience_id, result, created_at, created_by)
    draft = folder / f"{DRAFT_PREFIX}{audience_id}"
    try:
        with folder_lock(folder):
            check_quota(_stored_audiences(folder), created_by, members.nbytes, policy)
            draft.mkdir()
            is_allowed = pa.array(allowed(members.column(ID_COLUMN).combine_chunks()))
            member_file.write_members(members.filter(is_allowed), draft / MEMBERS_FILE)
            replace_text(draft / METADATA_FILE, metadata.model_dump_json(by_alias=True, indent=1))
            draft.rename(folder / audience_id)
    except OSError as error:
        with suppress(OSError):
            shutil.rmtree(draft)
        raise AudienceStorageFull(
            f"Found no way to store the audience ({error.strerror or error}); expected free disk space and write "
            'access. Free space, or count without storing: "keep": false.'
        ) from None
    return audience_id


def read_metadata(folder: Path, audience_id: str) -> AudienceMetadata:
    """Return the metadata of a stored audience.

    Raises:
        AudienceNotFound: no audience is stored under this id, or it was damaged and is deleted now.
        StoreUnavailable: it cannot be read just now.
    """
    with open_audience(folder, audience_id) as path:
        return read_metadata_file(path)


def read_members(folder: Path, audience_id: str) -> pa.Table:
    """Return all members, in order, without a copy in memory.

    Raises:
        AudienceNotFound: no audience is stored under this id, or it was damaged and is deleted now.
        StoreUnavailable: it cannot be read just now.
    """
    with open_audience(folder, audience_id) as path:
        return member_file.read_members(path / MEMBERS_FILE)


def list_audiences(folder: Path) -> list[StoredAudience]:
    """Return all stored audiences, the oldest first.

    Raises:
        StoreUnavailable: one of them cannot be read just now.
    """
    if not folder.is_dir():
        return []
    with folder_lock(folder):
        return sorted(_stored_audiences(folder), key=lambda audience: audience.created_at)


def delete_stored(folder: Path, audience_id: str) -> None:
    """Delete one audience.

    Raises:
        AudienceNotFound: no audience is stored under this id.
    """
    with open_audience(folder, audience_id), folder_lock(folder):
        delete_audience(folder, audience_id)


def delete_customers(folder: Path, customer_ids: Sequence[str]) -> int:
    """Delete customers from every audience; return the number of changed audiences. A damaged one is deleted whole.

    The ledger must have their erasure first, so that no audience that is being stored brings them back.

    Raises:
        StoreUnavailable: some audience could be neither read nor deleted; the customers are deleted from all others.
    """
    erased_ids, changed, unreadable = pa.array(sorted(set(customer_ids)), pa.string()), 0, list[StoreUnavailable]()
    with folder_lock(folder):
        delete_drafts(folder)
        for audience_id in audience_ids(folder):
            try:
                changed += _delete_from(folder, audience_id, erased_ids)
            except StoreUnavailable as error:
                unreadable.append(error)
        if changed:
            os.sync()  # once for all files: a sync of each of five hundred takes seconds
    if unreadable:
        raise unreadable[0]
    return changed


def _delete_from(folder: Path, audience_id: str, erased_ids: pa.Array) -> bool:
    """Delete customers from one audience; the whole audience if it is damaged, or if the disk takes no new file."""
    path = folder / audience_id / MEMBERS_FILE
    try:
        matches = pc.is_in(member_file.read_ids(path), value_set=erased_ids)
        if not pc.any(matches, min_count=0).as_py():
            return False
        remaining = member_file.read_members(path).filter(pc.invert(matches))
    except (ValueError, OSError) as error:
        set_aside(folder, audience_id, error)
        return True
    try:
        member_file.replace_members(remaining, path)
    except OSError:
        delete_audience(folder, audience_id)
    return True


def delete_expired(folder: Path, max_age: timedelta, now: datetime) -> list[str]:
    """Delete audiences older than ``max_age``, and unfinished drafts; return the ids of the deleted audiences."""
    with folder_lock(folder):
        delete_drafts(folder)
        expired = [
            audience.audience_id for audience in _stored_audiences(folder) if audience.created_at < now - max_age
        ]
        for audience_id in expired:
            delete_audience(folder, audience_id)
        for mark in folder.glob(f"{DAMAGED_PREFIX}*"):
            if mark.stat().st_mtime < (now - max_age).timestamp():
                mark.unlink()
    return expired


def _stored_audiences(folder: Path) -> list[StoredAudience]:
    """Return all audiences that can be read, under the lock; damaged ones are set aside."""
    stored = []
    for audience_id in audience_ids(folder):
        path = folder / audience_id
        try:
            status = (path / METADATA_FILE).stat()
            metadata = parse_metadata_once(path, identity_of(status))
            nbytes = (path / MEMBERS_FILE).stat().st_size + status.st_size
        except (ValueError, OSError) as error:
            set_aside(folder, audience_id, error)
            continue
        stored.append(StoredAudience(audience_id, metadata.created_at, metadata.created_by, metadata.count, nbytes))
    return stored


@lru_cache(maxsize=4096)
def parse_metadata_once(path: Path, identity: FileIdentity) -> AudienceMetadata:  # noqa: ARG001 - the cache's key
    """Return the metadata in the folder of one audience, parsed once for each version of its file."""
    return read_metadata_file(path)


def read_metadata_file(path: Path) -> AudienceMetadata:
    """Return the metadata in the folder of one audience.

    Raises:
        ValueError: the file is damaged.
        OSError: the file cannot be read.
    """
    return AudienceMetadata.model_validate_json((path / METADATA_FILE).read_bytes())
