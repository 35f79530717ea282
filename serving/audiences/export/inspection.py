"""Audience inspection: how many audiences are stored, how large they are, and which are damaged; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.audiences.export import member_file
from serving.audiences.export.audience_folder import audience_ids
from serving.audiences.export.member_store import MEMBERS_FILE, read_metadata_file


@dataclass(frozen=True)
class AudienceInspection:
    """The stored audiences of a home."""

    count: int
    nbytes: int
    damaged: Sequence[str]  # ids


def inspect_audiences(folder: Path) -> AudienceInspection:
    """Read every stored audience once.

    Raises:
        OSError: the folder cannot be read.
    """
    ids, nbytes, damaged = audience_ids(folder) if folder.is_dir() else [], 0, list[str]()
    for audience_id in ids:
        path = folder / audience_id
        try:
            read_metadata_file(path)
            member_file.read_members(path / MEMBERS_FILE)
            nbytes += sum(file.stat().st_size for file in path.iterdir())
        except (ValueError, OSError):
            damaged.append(audience_id)
    return AudienceInspection(len(ids), nbytes, damaged)
