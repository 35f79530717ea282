"""Segment lookup: segments come from the newest scores table, and channels from the current consents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from features.errors import StoreUnavailable
from serving.audiences.errors import InvalidScores
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.interfaces import ConsentReader
from serving.schemas.segments import NOT_SCORED
from serving.segments.row_lookup import SegmentIndex
from serving.segments.serializer import COLUMN_NAMES, serialize_segment

RELOAD_TIMEOUT_SECONDS = 0.25  # how long a request waits for newer scores when older ones are loaded


class SegmentLookup:
    """Looks up the segments of customers for prediction responses."""

    def __init__(self, scores: ScoresFile, consent_gate: ConsentReader) -> None:
        self._scores = scores
        self._consent_gate = consent_gate
        self._index: SegmentIndex | None = None
        self._loaded_columns: Columns | None = None
        self._loading: asyncio.Task[None] | None = None
        self._build_lock = Lock()

    def poll(self) -> None:
        """Load the index of a new table before any request needs it; does nothing while there are no scores."""
        with suppress(InvalidScores):
            columns = self._scores.columns()
            if columns is not self._loaded_columns:
                self._build(columns)

    async def lookup(self, customer_ids: Sequence[str], now: int) -> list[dict[str, Any]]:
        """Return the segment part of each customer, in the requested order; ``not_scored`` for one without scores."""
        segment_index = await self._current_index()
        rows = (
            [None] * len(customer_ids)
            if segment_index is None
            else [segment_index.row(customer_id) for customer_id in customer_ids]
        )
        rankings = {
            index: row["channel_ranking"] for index, row in enumerate(rows) if row and row.get("channel_ranking")
        }
        channels = (
            dict(zip(rankings, await self._granted_channels(customer_ids, rankings, now), strict=True))
            if rankings
            else {}
        )
        return [
            dict(NOT_SCORED) if row is None else serialize_segment(row, channels.get(index, []))
            for index, row in enumerate(rows)
        ]

    async def _granted_channels(
        self, customer_ids: Sequence[str], rankings: dict[int, list[str]], now: int
    ) -> list[list[str]]:
        """Return the channels that the consents of these customers allow; none while the ledger is unavailable."""
        ledger, requested = self._consent_gate.ledger, [customer_ids[index] for index in rankings]
        try:
            return await self._consent_gate.call(lambda: ledger.allowed_channels(requested, [*rankings.values()], now))
        except StoreUnavailable:
            return [[] for _ in rankings]

    async def _current_index(self) -> SegmentIndex | None:
        """Return the index of the newest scores, or the previous one while they load; None without any scores."""
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
        """Load an index in a thread: a million customers take seconds, and other requests must go on."""
        try:
            await asyncio.to_thread(self._build, columns)
        finally:
            self._loading = None

    def _build(self, columns: Columns) -> None:
        """Build the index once; a damaged table, or one with unexpected column types, has none."""
        with self._build_lock:
            if columns is self._loaded_columns:
                return
            try:
                self._index = SegmentIndex(columns, COLUMN_NAMES)
            except (InvalidScores, TypeError):
                self._index = None
            self._loaded_columns = columns
