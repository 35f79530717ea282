"""Segment serializer: a row of the scores table becomes the segment part of a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.moments import rfc3339
from serving.schemas.segments import Rfm
from training.segments.columns import PRESET_SEGMENT_COLUMNS, SEGMENT_COLUMNS
from training.segments.preferences import PREFERENCE_COLUMNS

COLUMN_NAMES = ("as_of", *(column.name for column in (*SEGMENT_COLUMNS, *PRESET_SEGMENT_COLUMNS, *PREFERENCE_COLUMNS)))
_PRESET_SEGMENT_PREFIX = "preset_segment_"
_HOURS_PER_DAY = 24


def serialize_segment(row: Mapping[str, Any], channels: Sequence[str]) -> dict[str, Any]:
    """Return a row of the scores table with the fields of SegmentResponse, and only the given channels."""
    hour = row.get("preferred_hour")
    return {
        "status": "scored",
        "as_of": rfc3339(row["as_of"]),
        "rfm": _serialize_rfm(row),
        "lifecycle_stage": row.get("lifecycle_stage"),
        "lifecycle_phase": row.get("lifecycle_phase"),
        "value_tier": row.get("value_tier"),
        "segments": row.get("segments") or [],
        "preset_segments": [
            name.removeprefix(_PRESET_SEGMENT_PREFIX)
            for name, value in row.items()
            if name.startswith(_PRESET_SEGMENT_PREFIX) and value
        ],
        "preferred_hours": _serialize_share(
            row,
            "preferred_hour",
            "_share",
            begin=hour,
            end=None if hour is None else (hour + 2) % _HOURS_PER_DAY or _HOURS_PER_DAY,
        ),
        "preferred_weekday": _serialize_share(row, "preferred_weekday", "_share", weekday=row.get("preferred_weekday")),
        "channels": _serialize_ranking(row, "channel", channels),
        "categories": _serialize_ranking(row, "category", row.get("category_ranking") or []),
        "price_sensitivity": _serialize_share(row, "price_sensitivity", ""),
    }


def _serialize_rfm(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row.get("rfm_recency") is None:
        return None
    return {name: row.get(f"rfm_{name}") for name in Rfm.model_fields}


def _serialize_share(row: Mapping[str, Any], name: str, suffix: str, **fields: int | None) -> dict[str, Any] | None:
    share = row.get(f"{name}{suffix}")
    if share is None:
        return None
    interval = {quantile: row[f"{name}_{quantile}"] for quantile in ("p10", "p90")}
    return {**fields, "share": share, **interval, "evidence": row[f"{name}_evidence"]}


def _serialize_ranking(row: Mapping[str, Any], name: str, allowed: Sequence[str]) -> dict[str, Any] | None:
    ranking = row.get(f"{name}_ranking")
    if ranking is None:
        return None
    columns = zip(*(row[f"{name}_{suffix}"] for suffix in ("ranking", "affinity", "p10", "p90")), strict=True)
    ranked = [
        {"name": item, "affinity": affinity, "p10": p10, "p90": p90}
        for item, affinity, p10, p90 in columns
        if item in allowed
    ]
    return {"ranked": ranked, "evidence": row[f"{name}_evidence"]}
