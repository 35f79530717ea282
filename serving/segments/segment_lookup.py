"""To whom do these customers belong? From the scores that everybody got last, and the consents of this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from features.errors import StoreUnavailable
from serving.audiences.errors import InvalidScores
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.interfaces import ConsentReader
from serving.schemas.segments import NOT_SCORED
from serving.segments.row_lookup import SegmentIndex
from serving.segments.serializer import COLUMN_NAMES, serialize_segment

RELOAD_TIMEOUT_SECONDS = 0.25  # for newer scores, while older ones could be told from


class SegmentLookup:
    """The segments of customers, for answers."""

    def __init__(self, scores: ScoresFile, consent_gate: ConsentReader) -> None:
        self._scores = scores
        self._consent_gate = consent_gate
        self._index: SegmentIndex | None = None
        self._loaded_columns: Columns | None = None
        self._loading: asyncio.Task[None] | None = None

    async def lookup(self, customer_ids: Sequence[str], now: int) -> list[dict[str, Any]]:
        """What is said of each, in the order asked for; nothing but that of one who was not scored."""
        book = await self._current_index()
        rows = [None] * len(customer_ids) if book is None else [book.row(one) for one in customer_ids]
        ranked = {place: row["channel_ranking"] for place, row in enumerate(rows) if row and row.get("channel_ranking")}
        channels = (
            dict(zip(ranked, await self._granted_channels(customer_ids, ranked, now), strict=True)) if ranked else {}
        )
        return [
            dict(NOT_SCORED) if row is None else serialize_segment(row, channels.get(place, []))
            for place, row in enumerate(rows)
        ]

    async def _granted_channels(
        self, customer_ids: Sequence[str], rankings: dict[int, list[str]], now: int
    ) -> list[list[str]]:
        """On which of their channels customers may be written to; on none while nobody can say."""
        ledger, asked = self._consent_gate.ledger, [customer_ids[place] for place in rankings]
        try:
            return await self._consent_gate.call(lambda: ledger.allowed_channels(asked, [*rankings.values()], now))
        except StoreUnavailable:
            return [[] for _ in rankings]

    async def _current_index(self) -> SegmentIndex | None:
        """The scores that are there now, or those before while these are read; None where nobody has been scored."""
        try:
            columns = self._scores.columns()
        except InvalidScores:
            return None
        if columns is not self._loaded_columns:
            if self._loading is None:
                self._loading = asyncio.create_task(self._load(columns))
            await asyncio.wait([self._loading], timeout=None if self._index is None else RELOAD_TIMEOUT_SECONDS)
        return self._index

    async def _load(self, columns: Columns) -> None:
        """In a thread: a million customers take seconds, in which everybody else is answered."""
        try:
            self._index = await asyncio.to_thread(SegmentIndex, columns, COLUMN_NAMES)
            self._loaded_columns = columns
        except (InvalidScores, TypeError):  # damaged, or of columns that are not ours
            self._index, self._loaded_columns = None, columns
        finally:
            self._loading = None
