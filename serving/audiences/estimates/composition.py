"""Composition: members by value tier, lifecycle, RFM segment, model tier, status and churn band."""

from __future__ import annotations

from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import RowIndices
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.column_types import ColumnKind
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn
from serving.audiences.schema import CompositionPart
from training.inference.answers.churn import BANDS

COMPOSITION_COLUMNS = ("value_tier", "lifecycle_stage", "lifecycle_phase", "rfm_segment", "model_tier", "status")
CHURN_BAND, _CHURN_PROBABILITY = "churn_band", "churn_probability"


def composition(columns: Columns, rows: RowIndices, bands: tuple[float, float]) -> dict[str, list[CompositionPart]]:
    """Return counts and shares by each column of ``COMPOSITION_COLUMNS`` in the table and by churn band, largest first.

    Args:
        columns: the table.
        rows: the members.
        bands: the churn probabilities at which the bands medium and high begin.
    """
    parts_by_column = {
        name: _by_text(columns, name, rows) for name in COMPOSITION_COLUMNS if _has_kind(columns, name, ColumnKind.TEXT)
    }
    if _has_kind(columns, _CHURN_PROBABILITY, ColumnKind.NUMBER):
        parts_by_column[CHURN_BAND] = _by_band(cast("NumericColumn", columns[_CHURN_PROBABILITY]), rows, bands)
    return parts_by_column


def _by_text(columns: Columns, name: str, rows: RowIndices) -> list[CompositionPart]:
    column = cast("DictionaryColumn", columns[name])
    return _count_parts(column.codes[rows], column.dictionary)


def _by_band(column: NumericColumn, rows: RowIndices, bands: tuple[float, float]) -> list[CompositionPart]:
    probability = column.values[rows]
    codes = np.asarray(probability >= np.float64(bands[0]), np.int8) + np.asarray(
        probability >= np.float64(bands[1]), np.int8
    )
    known = codes if column.nulls is None else np.where(column.nulls[rows], -1, codes)
    return _count_parts(np.asarray(known, np.int8), pa.array(BANDS))


def _count_parts(codes: NDArray[np.signedinteger], labels: pa.StringArray) -> list[CompositionPart]:
    counts = np.bincount(np.add(codes, 1, dtype=np.int64), minlength=len(labels) + 1).tolist()
    parts = [
        CompositionPart(value=label, count=count, share=count / len(codes))
        for label, count in zip([None, *labels.to_pylist()], counts, strict=True)
        if count
    ]
    return sorted(parts, key=lambda part: (-part.count, part.value is None, part.value))


def _has_kind(columns: Columns, name: str, kind: ColumnKind) -> bool:
    return name in columns and columns.column_types[name].kind is kind
