"""Extra columns of the scores table: segments, preferences and consents, for a slice of the customers at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans
from features.consents.consent import ALL_CHANNELS
from pipelines.scoring.consent_columns import ConsentColumns
from serving.audiences.consent_filter import CHANNELS_COLUMN
from serving.audiences.query.scores_table import column_from_arrow
from serving.audiences.query.text_columns import ListColumn
from training.segments.assignment import SegmentAssignment

CHANNEL_RANKING_COLUMNS = ("channel_ranking", "channel_affinity", "channel_p10", "channel_p90")


@dataclass(frozen=True)
class ExtraColumns:
    """The segment, preference and consent columns, which follow the predictions in the scores table."""

    segments: SegmentAssignment
    preferences: Mapping[str, pa.Array]  # (n,) each
    consent_columns: ConsentColumns
    customers: pa.Array  # (n,) ids
    metadata: Mapping[bytes, bytes] = field(default_factory=dict)  # of the schema, besides that of the consents

    def table(self, start: int, stop: int) -> pa.Table:
        """The columns of customers ``start`` to ``stop - 1``; the channel ranking holds granted channels alone."""
        consents = self.consent_columns.table(self.customers[start:stop])
        preferences = {name: column[start:stop] for name, column in self.preferences.items()}
        granted = granted_channels(
            preferences[CHANNEL_RANKING_COLUMNS[0]],
            consents[CHANNELS_COLUMN].combine_chunks(),
            self.consent_columns.consent_snapshot.channels,
        )
        preferences |= {name: filter_lists(preferences[name], granted) for name in CHANNEL_RANKING_COLUMNS}
        table = self.segments.table(start, stop)
        for name, column in [*preferences.items(), *zip(consents.column_names, consents.columns, strict=True)]:
            table = table.append_column(name, column)
        return table.replace_schema_metadata({**self.consent_columns.consent_snapshot.metadata(), **self.metadata})


def granted_channels(rankings: pa.ListArray, granted: pa.ListArray, named_channels: frozenset[str]) -> Booleans:
    """A mask over the members of all rankings, one list after the other: the channels that their customers granted.

    Args:
        rankings: (n,) lists of channels.
        granted: (n,) lists of channels; ``*`` stands for all channels that are not named.
        named_channels: the channels that a consent names.
    """
    channels, rows = rankings.flatten(), pc.list_parent_indices(rankings).to_numpy()
    mask, grants = np.zeros(len(channels), np.bool_), cast("ListColumn", column_from_arrow(granted))
    for channel in pc.unique(channels).to_pylist():
        has_granted = grants.is_in([channel if channel in named_channels else ALL_CHANNELS])
        is_channel = pc.equal(channels, channel).to_numpy(zero_copy_only=False)
        mask[is_channel] = has_granted[rows[is_channel]]
    return mask


def filter_lists(lists: pa.ListArray, mask: Booleans) -> pa.ListArray:
    """The lists with the members of the mask alone; a null list stays null."""
    rows = pc.list_parent_indices(lists).to_numpy()
    counts = np.bincount(rows[mask], minlength=len(lists))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, lists.flatten().filter(pa.array(mask)), mask=lists.is_null())
