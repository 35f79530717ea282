"""Held-out customers: tags tell staff whom to approach, so nobody who is held out gets any."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow.compute as pc

from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.builder import HOLDOUT_COLUMN
from serving.audiences.errors import AudienceNotFound, AudienceTooSmall
from serving.audiences.export.audience_folder import audience_ids
from serving.audiences.export.member_store import read_members
from serving.audiences.query.scores_table import ID_COLUMN


def held_out_members(folder: Path) -> Sequence[str]:
    """Return the customers whom the hold-out of any stored audience holds out.

    Raises:
        StoreUnavailable: an audience cannot be read just now.
    """
    held_out = set[str]()
    for audience_id in audience_ids(folder) if folder.is_dir() else ():
        with suppress(AudienceNotFound):  # it has expired meanwhile, or is damaged and gone
            members = read_members(folder, audience_id)
            if HOLDOUT_COLUMN in members.column_names:
                held_out.update(members.filter(members[HOLDOUT_COLUMN])[ID_COLUMN].to_pylist())
    return sorted(held_out)


def members_to_contact(audiences: AudienceService, audience_id: str, context: ExportContext) -> Sequence[str]:
    """Return the members of an audience whom its hold-out does not hold out.

    Raises:
        AudienceNotFound: no audience is stored under this id.
        AudienceTooSmall: it has too few members for this actor.
    """
    require_listable(audiences, audience_id, context)
    members = read_members(audiences.folder, audience_id)
    if HOLDOUT_COLUMN in members.column_names:
        members = members.filter(pc.invert(members[HOLDOUT_COLUMN]))
    ids: list[str] = members[ID_COLUMN].to_pylist()
    return ids


def require_listable(audiences: AudienceService, audience_id: str, context: ExportContext) -> None:
    """Refuse an audience whose members this actor may not list.

    Raises:
        AudienceNotFound: no audience is stored under this id.
        AudienceTooSmall: it has too few members for this actor.
    """
    if audiences.metadata(audience_id, context).count is None:
        raise AudienceTooSmall(
            f"Found an audience of fewer than {audiences.policy.smallest_audience} members; expected more, or a key "
            "with the scope admin. Widen the filter."
        )
