"""Where are an audience's members kept? Frozen in a folder of their own, under a name that nobody can guess.

``<folder>/<audience_id>/`` holds ``about.json`` and ``members.arrow`` (Arrow IPC, memory-mapped when read): an order
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
from serving.audiences.builder import MEMBER, Allowed, Found
from serving.audiences.errors import NoSuchAudience
from serving.audiences.export.metadata import About, about_of
from serving.audiences.query.scores_table import ID

FILE, ABOUT, _LOCK = "members.arrow", "about.json", ".lock"
BATCH = 65_536  # members in a batch of the file
_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_DRAFT = ".draft-"


def store(folder: Path, found: Found, allowed: Allowed, at: datetime) -> str:
    """Freeze an audience; its id.

    Args:
        folder: of all audiences.
        found: as ``finding.count`` returns it.
        allowed: asked again while nobody can be forgotten, so that whoever was since is not written down.
        at: now.
    """
    audience_id = secrets.token_urlsafe(16)
    members = found.members()
    members = members.add_column(0, MEMBER, pa.array(np.arange(1, len(members) + 1)))
    draft = folder / f"{_DRAFT}{audience_id}"
    with _locked(folder):
        draft.mkdir()
        _write(members.filter(pa.array(allowed(members.column(ID).combine_chunks()))), draft / FILE)
        replace_text(draft / ABOUT, about_of(audience_id, found, at).model_dump_json(by_alias=True, indent=1))
        draft.rename(folder / audience_id)
    return audience_id


def about(folder: Path, audience_id: str) -> About:
    """What an audience was made for; raises NoSuchAudience."""
    try:
        return About.model_validate_json((_home(folder, audience_id) / ABOUT).read_bytes())
    except FileNotFoundError:
        raise _unknown(audience_id) from None


def members(folder: Path, audience_id: str) -> pa.Table:
    """All members, in order, without a copy in memory; raises NoSuchAudience."""
    try:
        with pa.memory_map(str(_home(folder, audience_id) / FILE)) as source:
            return pa.ipc.open_file(source).read_all()
    except FileNotFoundError:
        raise _unknown(audience_id) from None


def forget(folder: Path, customer_ids: Sequence[str]) -> int:
    """Take customers out of every audience; the number of audiences that held any of them.

    Their consent must be gone before, so that no audience that is being stored brings them back.
    """
    wanted, changed = pa.array(sorted(set(customer_ids)), pa.string()), 0
    with _locked(folder):
        _sweep(folder)
        for audience_id in _stored(folder):
            kept = members(folder, audience_id)
            held = pc.is_in(kept.column(ID), value_set=wanted)
            if pc.any(held, min_count=0).as_py():
                _write(kept.filter(pc.invert(held)), folder / audience_id / FILE)
                changed += 1
    return changed


def expire(folder: Path, age: timedelta, at: datetime) -> list[str]:
    """Delete audiences that are older than ``age`` at an instant, and drafts that nobody finished; their ids."""
    with _locked(folder):
        _sweep(folder)
        old = [one for one in _stored(folder) if about(folder, one).created_at < at - age]
        for audience_id in old:
            # Renamed first: half of an audience is no audience.
            shutil.rmtree((folder / audience_id).rename(folder / f"{_DRAFT}{audience_id}"))
    return old


def _sweep(folder: Path) -> None:
    """Remove drafts of whoever was killed; the lock is held, so they are nobody's."""
    for draft in folder.glob(f"{_DRAFT}*"):
        shutil.rmtree(draft)


def _stored(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if _ID.fullmatch(one.name))


def _home(folder: Path, audience_id: str) -> Path:
    if not _ID.fullmatch(audience_id):
        raise _unknown(audience_id)
    return folder / audience_id


def _write(table: pa.Table, path: Path) -> None:
    """The file is there whole, or the one before it still is."""
    with (
        atomic_write(path) as temporary,
        pa.OSFile(str(temporary), "wb") as target,
        pa.ipc.new_file(target, table.schema) as writer,
    ):
        writer.write_table(table.combine_chunks(), max_chunksize=BATCH)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone among all processes that change audiences; readers need not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unknown(audience_id: str) -> NoSuchAudience:
    return NoSuchAudience(
        f"There is no audience {audience_id[:40]!r}: it never was, or it has expired. "
        "Make a new one: POST /v1/audiences."
    )
