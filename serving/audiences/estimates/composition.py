"""Of what kind are the members? How many fall into each tier, stage and band that the table knows."""

from __future__ import annotations

from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import RowIndices
from serving.audiences.query.column_store import Ordered
from serving.audiences.query.column_types import Kind
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import Words
from serving.audiences.schema import Part
from serving.schemas.prediction_columns import BANDS

KINDS = ("value_tier", "lifecycle_stage", "lifecycle_phase", "rfm_segment", "model_tier", "status")
CHURN_BAND, _CHURN = "churn_band", "churn_probability"


def composition(columns: Columns, rows: RowIndices, bands: tuple[float, float]) -> dict[str, list[Part]]:
    """Counts and shares by every column of ``KINDS`` that the table has, and by churn band; the largest part first.

    Args:
        columns: the table.
        rows: the members.
        bands: the churn probabilities from which on the band is medium, and high.
    """
    found = {name: _by_word(columns, name, rows) for name in KINDS if _is(columns, name, Kind.TEXT)}
    if _is(columns, _CHURN, Kind.NUMBER):
        found[CHURN_BAND] = _by_band(cast("Ordered", columns[_CHURN]), rows, bands)
    return found


def _by_word(columns: Columns, name: str, rows: RowIndices) -> list[Part]:
    held = cast("Words", columns[name])
    return _parts(held.codes[rows], held.words)


def _by_band(held: Ordered, rows: RowIndices, bands: tuple[float, float]) -> list[Part]:
    chance = held.values[rows]
    codes = np.asarray(chance >= np.float64(bands[0]), np.int8) + np.asarray(chance >= np.float64(bands[1]), np.int8)
    known = codes if held.nulls is None else np.where(held.nulls[rows], -1, codes)
    return _parts(np.asarray(known, np.int8), pa.array(BANDS))


def _parts(codes: NDArray[np.signedinteger], words: pa.StringArray) -> list[Part]:
    counts = np.bincount(np.add(codes, 1, dtype=np.int64), minlength=len(words) + 1).tolist()
    parts = [
        Part(value=word, count=count, share=count / len(codes))
        for word, count in zip([None, *words.to_pylist()], counts, strict=True)
        if count
    ]
    return sorted(parts, key=lambda part: (-part.count, part.value is None, part.value))


def _is(columns: Columns, name: str, kind: Kind) -> bool:
    return name in columns and columns.kinds[name].kind is kind
