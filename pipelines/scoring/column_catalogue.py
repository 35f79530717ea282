"""Column catalogue: every column of the scores table with its group, type and meaning, from the declared columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from pipelines.scoring.consent_columns import DECLARED as CONSENTS
from pipelines.scoring.scores_schema import score_columns
from training.inference.answers.answer import Horizons
from training.segments.column import ColumnSpec
from training.segments.columns import segment_columns
from training.segments.preferences import PREFERENCE_COLUMNS

ColumnGroups = Mapping[str, Sequence[ColumnSpec]]
OTHER = "other"


def column_groups(horizons: Horizons, business_segments: Iterable[str]) -> ColumnGroups:
    """The columns by group, in the order of the table, for these horizons and segments of the business."""
    return {
        "predictions": score_columns(horizons),
        "segments": segment_columns(business_segments),
        "preferences": PREFERENCE_COLUMNS,
        "consent": CONSENTS,
    }


def describe_schema(schema: pa.Schema, groups: ColumnGroups) -> ColumnGroups:
    """The columns of a file by group: the declared ones with their meaning, and all further ones in ``other``."""
    present = {field.name for field in schema}
    described = {name: [column for column in columns if column.name in present] for name, columns in groups.items()}
    declared = {column.name for columns in groups.values() for column in columns}
    others = [_undeclared_column(field) for field in schema if field.name not in declared]
    return {name: columns for name, columns in {**described, OTHER: others}.items() if columns}


def type_name(kind: pa.DataType) -> str:
    """The name of an Arrow type; lists as "list of" their items."""
    return f"list of {type_name(kind.value_type)}" if pa.types.is_list(kind) else str(kind)


def _undeclared_column(field: pa.Field) -> ColumnSpec:
    meaning = "Belongs to a segment of the business." if field.name.startswith("segment_") else "Not declared here."
    return ColumnSpec(field.name, field.type, meaning)
