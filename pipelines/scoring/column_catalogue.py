"""Column catalogue: every column of the scores table with its group, type and meaning, from the declared columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from pipelines.scoring.column_meanings_zh import chinese_meaning
from pipelines.scoring.consent_columns import DECLARED as CONSENTS
from pipelines.scoring.feedback_columns import FEEDBACK_COLUMNS
from pipelines.scoring.scores_schema import score_columns
from serving.audiences.query.column_descriptions import OTHER_GROUP as OTHER
from serving.audiences.query.column_descriptions import ColumnDescription
from training.inference.answers.answer import Horizons
from training.models import ANSWER_ORDER
from training.segments.column import ColumnSpec
from training.segments.columns import segment_columns
from training.segments.preferences import PREFERENCE_COLUMNS
from training.segments.rules import column_names

ColumnGroups = Mapping[str, Sequence[ColumnSpec]]
_PROVENANCE = {"customer_id", "as_of", "log_until", "status", "model_tier", "release", "prediction_id"}
NOT_FOR_TARGETING = {
    *_PROVENANCE,
    *(f"{model}_{suffix}" for model in ANSWER_ORDER for suffix in ("status", "tier")),
    *(column.name for column in CONSENTS),  # purpose and channel of a request ask for them
}


def column_groups(horizons: Horizons, business_segments: Iterable[str], *, has_feedback: bool = False) -> ColumnGroups:
    """The columns by group, in the order of the table, for these horizons and segments of the business.

    ``has_feedback`` tells whether the shop has texts of its customers.
    """
    return {
        "predictions": score_columns(horizons),
        "segments": segment_columns(business_segments),
        "preferences": (*PREFERENCE_COLUMNS, *(FEEDBACK_COLUMNS if has_feedback else ())),
        "consent": CONSENTS,
    }


def describe_columns(
    horizons: Horizons, business_segments: Sequence[str], *, has_feedback: bool = False
) -> list[ColumnDescription]:
    """The descriptions of all columns in English and Chinese, for the schema of the scores table."""
    names = {column: name for name, column in column_names(business_segments).items()}
    return [
        ColumnDescription(
            name=spec.name,
            group=group,
            meaning={"en": spec.meaning, "zh": _chinese_meaning(spec, names)},
            targeting=spec.name not in NOT_FOR_TARGETING,
        )
        for group, specs in column_groups(horizons, business_segments, has_feedback=has_feedback).items()
        for spec in specs
    ]


def _chinese_meaning(spec: ColumnSpec, business_segments: Mapping[str, str]) -> str:
    """The Chinese sentence of a column, else its English one."""
    if spec.name in business_segments:
        return f"属于分群“{business_segments[spec.name]}”。"
    return chinese_meaning(spec.name) or spec.meaning


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
