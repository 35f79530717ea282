"""What stands beside the scores: segments, habits and consents, of a slice of the customers at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans
from features.consents.consent import ALL
from pipelines.scoring.consent_columns import Consented
from serving.audiences.consent_filter import CHANNELS
from serving.audiences.query.scores_table import held
from serving.audiences.query.text_columns import Lists
from training.segments.assignment import Assigned

RANKED = ("channel_ranking", "channel_affinity", "channel_p10", "channel_p90")


@dataclass(frozen=True)
class Beside:
    """Further columns of the scores table, in its order."""

    segments: Assigned
    habits: Mapping[str, pa.Array]  # (n,) each
    consented: Consented
    customers: pa.Array  # (n,) ids

    def table(self, start: int, stop: int) -> pa.Table:
        """The columns of customers ``start`` to ``stop - 1``; channels are ranked as far as they may be used."""
        consents = self.consented.table(self.customers[start:stop])
        habits = {name: column[start:stop] for name, column in self.habits.items()}
        may = allowed(habits[RANKED[0]], consents[CHANNELS].combine_chunks(), self.consented.basis.channels)
        habits |= {name: kept(habits[name], may) for name in RANKED}
        some = self.segments.table(start, stop)
        for name, column in [*habits.items(), *zip(consents.column_names, consents.columns, strict=True)]:
            some = some.append_column(name, column)
        return some.replace_schema_metadata(self.consented.basis.metadata())


def allowed(rankings: pa.ListArray, granted: pa.ListArray, named: frozenset[str]) -> Booleans:
    """Which of all ranked channels, one list after the other, the customers of the lists have granted.

    Args:
        rankings: (n,) lists of channels.
        granted: (n,) lists of channels, ``*`` standing for all that nobody has named.
        named: the channels that somebody has.
    """
    channels, rows = rankings.flatten(), pc.list_parent_indices(rankings).to_numpy()
    may, grants = np.zeros(len(channels), np.bool_), cast("Lists", held(granted))
    for channel in pc.unique(channels).to_pylist():
        has = grants.among([channel if channel in named else ALL])
        here = pc.equal(channels, channel).to_numpy(zero_copy_only=False)
        may[here] = has[rows[here]]
    return may


def kept(lists: pa.ListArray, may: Booleans) -> pa.ListArray:
    """The lists without the members that may not be; a null list stays null."""
    rows = pc.list_parent_indices(lists).to_numpy()
    counts = np.bincount(rows[may], minlength=len(lists))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, lists.flatten().filter(pa.array(may)), mask=lists.is_null())
