"""What do the feature tables hold of everybody at one cutoff? Read a slice of customers at a time, from the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from features.online.arrow_rows import CUSTOMER_ID, EVENT_TIMESTAMP, FEATURES_AT, INSTANT, schema, stored
from features.online.feature_rows import Stored
from features.views import View


@dataclass(frozen=True)
class Published:
    """The tables' rows of one cutoff: what publishing that cutoff gives to the online store."""

    folder: Path
    views: tuple[View, ...]  # the first has a row for every known customer
    at: int  # the cutoff, microseconds since 1970 UTC

    def customers(self) -> pa.Array:
        """Everybody known at the cutoff, in order."""
        first = self._dataset(self.views[0])
        known = first.to_table(columns=[CUSTOMER_ID], filter=self._of_the_cutoff())
        return known[CUSTOMER_ID].combine_chunks().cast(pa.string()).sort()

    def of(self, customers: pa.Array) -> Stored:
        """Their features, in the order given, which must be ascending; null where a view has no row of one."""
        columns: dict[str, pa.ChunkedArray | pa.Array] = {CUSTOMER_ID: customers}
        for view in self.views:
            names = schema(view).names
            chosen = self._of_the_cutoff() & (pc.field(CUSTOMER_ID) >= customers[0])
            chosen &= pc.field(CUSTOMER_ID) <= customers[-1]
            rows = self._dataset(view).to_table(columns=[CUSTOMER_ID, *names], filter=chosen)
            place = pc.index_in(customers, value_set=rows[CUSTOMER_ID].combine_chunks().cast(pa.string()))
            columns |= {name: rows[name].take(place) for name in names}
        columns[FEATURES_AT] = pa.repeat(self._instant(), len(customers))
        return stored(pa.table(columns), self.views)

    def _dataset(self, view: View) -> ds.Dataset:
        return ds.dataset(self.folder / f"{view.name}.parquet")

    def _of_the_cutoff(self) -> pc.Expression:
        return pc.field(EVENT_TIMESTAMP) == self._instant()

    def _instant(self) -> pa.Scalar:
        return pa.scalar(self.at, pa.int64()).cast(INSTANT)
