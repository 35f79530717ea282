"""How is it said to whom a customer belongs, and when, where and with what to reach them? As one part of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.moments import rfc3339
from serving.schemas.segments import Rfm
from training.segments.columns import COLUMNS, CROWDS
from training.segments.preferences import COLUMNS as HABITS

NAMES = ("as_of", *(one.name for one in (*COLUMNS, *CROWDS, *HABITS)))
NOT_SCORED: Mapping[str, Any] = {"status": "not_scored"}
_CROWD = "crowd_"
_HOURS = 24


def segment(row: Mapping[str, Any], channels: Sequence[str]) -> dict[str, Any]:
    """What a row of the scores says, as SegmentAnswer, with the channels that may be used."""
    hour = row.get("preferred_hour")
    return {
        "status": "scored",
        "as_of": rfc3339(row["as_of"]),
        "rfm": _rfm(row),
        "lifecycle_stage": row.get("lifecycle_stage"),
        "lifecycle_phase": row.get("lifecycle_phase"),
        "value_tier": row.get("value_tier"),
        "segments": row.get("segments") or [],
        "crowds": [name.removeprefix(_CROWD) for name, held in row.items() if name.startswith(_CROWD) and held],
        "preferred_hours": _share(
            row, "preferred_hour", "_share", begin=hour, end=None if hour is None else (hour + 2) % _HOURS or _HOURS
        ),
        "preferred_weekday": _share(row, "preferred_weekday", "_share", weekday=row.get("preferred_weekday")),
        "channels": _ranking(row, "channel", channels),
        "categories": _ranking(row, "category", row.get("category_ranking") or []),
        "price_sensitivity": _share(row, "price_sensitivity", ""),
    }


def _rfm(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row.get("rfm_recency") is None:
        return None
    return {name: row.get(f"rfm_{name}") for name in Rfm.model_fields}


def _share(row: Mapping[str, Any], name: str, suffix: str, **what: int | None) -> dict[str, Any] | None:
    share = row.get(f"{name}{suffix}")
    if share is None:
        return None
    ends = {end: row[f"{name}_{end}"] for end in ("p10", "p90")}
    return {**what, "share": share, **ends, "rung": row[f"{name}_rung"]}


def _ranking(row: Mapping[str, Any], name: str, among: Sequence[str]) -> dict[str, Any] | None:
    ranking = row.get(f"{name}_ranking")
    if ranking is None:
        return None
    columns = zip(*(row[f"{name}_{one}"] for one in ("ranking", "affinity", "p10", "p90")), strict=True)
    ranked = [
        {"name": one, "affinity": affinity, "p10": p10, "p90": p90}
        for one, affinity, p10, p90 in columns
        if one in among
    ]
    return {"ranked": ranked, "rung": row[f"{name}_rung"]}
