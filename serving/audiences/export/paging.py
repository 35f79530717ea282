"""Pagination: members are read a page at a time after a cursor, and each page is checked for consent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from serving.audiences.builder import HOLDOUT_COLUMN, MEMBER_COLUMN, ConsentCheck
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.export.cursors import decode_cursor, encode_cursor
from serving.audiences.export.member_store import read_members
from serving.audiences.holdout import HoldoutChoice
from serving.audiences.query.scores_table import ID_COLUMN

EXPORT_BATCH_SIZE = 50_000  # members checked for each table of an export
MIN_BATCH_SIZE = 1_000  # members checked at a time for a page


@dataclass(frozen=True)
class Page:
    """A page of members, in order."""

    rows: pa.Table  # customer_id, the requested columns, and ``holdout`` if it was asked for
    excluded_by_consent: int  # members before the next page who may no longer be approached
    next: str | None  # the cursor of the next page; None on the last one


@dataclass(frozen=True)
class AudienceReader:
    """Reads the members of stored audiences."""

    folder: Path
    secret: bytes  # the key of the cursors
    choice: HoldoutChoice = "exclude"

    def page(self, audience_id: str, page_cursor: str | None, size: int, allowed: ConsentCheck) -> Page:
        """Return the next ``size`` members after a cursor who may be approached; only the last page has fewer.

        A page is filled up where members are left out, because a short page would tell where in the order they were.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            InvalidCursor: the cursor was not issued for this audience and choice.
            InvalidAudienceRequest: only the hold-out was asked for, and there is none.
        """
        members = self._members(audience_id)
        position = _first_row_after(members, decode_cursor(audience_id, self.choice, page_cursor, self.secret))
        rows, excluded = np.empty(0, np.int64), np.empty(0, np.int64)
        while position < len(members) and len(rows) <= size:
            batch = members.slice(position, max(size + 1, MIN_BATCH_SIZE))
            is_chosen, is_allowed = self._masks(batch, allowed)
            rows = np.append(rows, position + np.flatnonzero(is_allowed))
            excluded = np.append(excluded, position + np.flatnonzero(is_chosen & ~is_allowed))
            position += len(batch)
        has_more, rows = len(rows) > size, rows[:size]
        end = rows[-1] if has_more else len(members)
        page = members.take(pa.array(rows))
        next_cursor = self._cursor(audience_id, page) if has_more else None
        return Page(self._listed_columns(page), int(np.count_nonzero(excluded < end)), next_cursor)

    def export(self, audience_id: str, allowed: ConsentCheck) -> Iterator[pa.Table]:
        """Yield all members who may be approached, in one or more tables, each checked when it is produced.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            InvalidAudienceRequest: only the hold-out was asked for, and there is none.
        """
        members = self._members(audience_id)
        for begin in range(0, max(len(members), 1), EXPORT_BATCH_SIZE):
            table = members.slice(begin, EXPORT_BATCH_SIZE)
            yield self._listed_columns(table.filter(pa.array(self._masks(table, allowed)[1])))

    def _members(self, audience_id: str) -> pa.Table:
        members = read_members(self.folder, audience_id)
        if self.choice == "only" and HOLDOUT_COLUMN not in members.column_names:
            raise InvalidAudienceRequest.for_field(
                "holdout", "Found only; expected an audience that was created with a hold-out. Leave it out."
            )
        return members

    def _masks(self, batch: pa.Table, allowed: ConsentCheck) -> tuple[Booleans, Booleans]:
        """Return which members are of the choice, and which of those may be approached."""
        is_chosen = np.ones(len(batch), np.bool_)
        if self.choice != "include" and HOLDOUT_COLUMN in batch.column_names:
            is_held_out = np.asarray(batch.column(HOLDOUT_COLUMN).to_numpy(), np.bool_)
            is_chosen = is_held_out if self.choice == "only" else ~is_held_out
        is_allowed = is_chosen.copy()
        is_allowed[is_chosen] = allowed(batch.column(ID_COLUMN).combine_chunks().filter(pa.array(is_chosen)))
        return is_chosen, is_allowed

    def _listed_columns(self, members: pa.Table) -> pa.Table:
        """Return the columns that are listed: ``holdout`` only where both sides are."""
        hidden = {MEMBER_COLUMN} if self.choice == "include" else {MEMBER_COLUMN, HOLDOUT_COLUMN}
        return members.drop_columns([name for name in members.column_names if name in hidden])

    def _cursor(self, audience_id: str, page: pa.Table) -> str:
        return encode_cursor(audience_id, self.choice, page.column(MEMBER_COLUMN)[-1].as_py(), self.secret)


def _first_row_after(members_table: pa.Table, last_member: int) -> int:
    """Return the first row with an order number above ``last_member``."""
    begin = 0
    for batch in members_table.column(MEMBER_COLUMN).chunks:
        offset = int(np.searchsorted(batch.to_numpy(), last_member, "right"))
        begin += offset
        if offset < len(batch):
            break
    return begin
