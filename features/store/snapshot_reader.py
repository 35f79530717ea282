"""Snapshot: the offline feature rows of one cutoff, read from the parquet files a slice of customers at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from features.online.arrow_rows import TIMESTAMP_TYPE, arrow_schema, feature_rows
from features.online.feature_rows import FeatureRows
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, FEATURES_AT, View


@dataclass(frozen=True)
class SnapshotReader:
    """A reader of the rows that materializing one cutoff writes to the online store."""

    folder: Path
    views: tuple[View, ...]  # the first has a row for every known customer
    cutoff_us: int  # the cutoff, microseconds since 1970 UTC

    def customer_ids(self) -> pa.Array:
        """The ids of all customers known at the cutoff, ascending."""
        first = self._dataset(self.views[0])
        known = first.to_table(columns=[CUSTOMER_ID], filter=self._cutoff_filter())
        return known[CUSTOMER_ID].combine_chunks().cast(pa.string()).sort()

    def read(self, customer_ids: pa.Array) -> FeatureRows:
        """The features of these ascending ids, in their order; null where a view has no row of a customer."""
        columns: dict[str, pa.ChunkedArray | pa.Array] = {CUSTOMER_ID: customer_ids}
        for view in self.views:
            names = arrow_schema(view).names
            row_filter = self._cutoff_filter() & (pc.field(CUSTOMER_ID) >= customer_ids[0])
            row_filter &= pc.field(CUSTOMER_ID) <= customer_ids[-1]
            rows = self._dataset(view).to_table(columns=[CUSTOMER_ID, *names], filter=row_filter)
            index = pc.index_in(customer_ids, value_set=rows[CUSTOMER_ID].combine_chunks().cast(pa.string()))
            columns |= {name: rows[name].take(index) for name in names}
        columns[FEATURES_AT] = pa.repeat(self._cutoff_scalar(), len(customer_ids))
        return feature_rows(pa.table(columns), self.views)

    def _dataset(self, view: View) -> ds.Dataset:
        return ds.dataset(self.folder / f"{view.name}.parquet")

    def _cutoff_filter(self) -> pc.Expression:
        return pc.field(EVENT_TIMESTAMP) == self._cutoff_scalar()

    def _cutoff_scalar(self) -> pa.Scalar:
        return pa.scalar(self.cutoff_us, pa.int64()).cast(TIMESTAMP_TYPE)
