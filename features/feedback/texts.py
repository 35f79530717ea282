"""Texts of the log: what customers wrote, read from the shop's own files when a person labels it; never kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.config.shop import ShopConfig
from features.consents.profiling_scope import ProfilingScope
from features.errors import InvalidConfig
from features.ingestion.erased_texts import ErasedSelector
from features.ingestion.ingest import read_rows
from features.ingestion.labelled_rows import TABLE

COLUMNS = ("id", "happened_at", "channel", "text")


def read_texts(
    config: ShopConfig,
    folder: Path,
    report: Callable[[str], None],
    select_erased: ErasedSelector,
    scope: ProfilingScope,
) -> pa.Table:
    """The texts of customers who are not erased and may be profiled, with those of ``COLUMNS`` that the log has.

    ``folder`` is where unpacked copies of the files stand meanwhile.

    Raises:
        InvalidConfig: flywheel.toml has no [feedback].
        InvalidLog: the log cannot be read as flywheel.toml describes it.
    """
    if config.feedback is None:
        raise InvalidConfig(
            "Found no [feedback] in flywheel.toml; expected the table of what customers wrote. Add it, with path, "
            "customer_id, happened_at and text."
        )
    rows = read_rows(config, TABLE, folder, report, select_erased)
    is_exception = pc.is_in(rows["customer_id"], pa.array(scope.exception_ids, pa.string()))
    may_be_profiled = pc.invert(is_exception) if scope.by_default else is_exception
    rows = rows.filter(pc.and_(may_be_profiled, pc.is_valid(rows["text"])))
    return rows.select([name for name in COLUMNS if name in rows.column_names])
