"""Facts of a history counted by DuckDB and handed over as numbers: customers by their place, words by their code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.history import History
from training.habits.counts import Counts, Whole

UNSAID = -1  # the code of a null


class Population:
    """Everybody that a history knows: those asked about first, in their order, then all others to learn from."""

    def __init__(self, known: History, customers: pa.Array) -> None:
        ids = known.lines.select("customer_id").distinct()
        if known.events is not None:
            ids = ids.union(known.events.select("customer_id"), distinct=True)
        found = ids.to_pyarrow()["customer_id"].combine_chunks()
        others = found.filter(pc.invert(pc.is_in(found, value_set=customers)))
        everybody = pa.concat_arrays([customers.cast(pa.string()), others])
        self.asked, self.size = len(customers), len(everybody)
        places = pa.array(np.arange(self.size, dtype=np.int32))
        self._places = ibis.memtable(pa.table({"customer_id": everybody, "place": places}))

    def pull(self, table: ir.Table, codes: Mapping[str, Sequence[str]] | None = None) -> dict[str, Whole]:
        """The columns of a table by name, (m,) each, with ``place`` instead of customer_id.

        Columns named in ``codes`` become places in the words given there; what is null or not among them is UNSAID.
        """
        table = table.join(self._places, "customer_id")
        for name, words in (codes or {}).items():
            coded = pa.table({name: pa.array(words, pa.string()), "code": pa.array(range(len(words)), pa.int32())})
            table = table.left_join(ibis.memtable(coded), name).drop(name, f"{name}_right").rename({name: "code"})
        names = [name for name in table.columns if not name.startswith("customer_id")]
        found = table.select(**{name: table[name].cast("int32").fill_null(UNSAID) for name in names}).to_pyarrow()
        return {name: found[name].to_numpy() for name in names}

    def counts(self, row: Whole, value: Whole, times: Whole, values: int) -> Counts:
        """Counted by customer and value, the unsaid and the nil left out."""
        said: NDArray[np.bool_] = (value != UNSAID) & (times > 0)
        return Counts.of(row[said], value[said], times[said], self.size, values)


def words(columns: Sequence[ir.StringColumn], most: int) -> list[str]:
    """The words that most rows of some columns say, by name."""
    found: dict[str, int] = {}
    for column in columns:
        counted = column.name("word").as_table().group_by("word").aggregate(rows=lambda table: table.count())
        for row in counted.filter(counted.word.notnull()).to_pyarrow().to_pylist():
            found[row["word"]] = found.get(row["word"], 0) + row["rows"]
    return sorted(sorted(found, key=lambda word: (-found[word], word))[:most])
