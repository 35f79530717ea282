"""Drift report: ``drift.json`` of a home, the newest look at the drift; no customer is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from features.storage.atomic_files import replace_text
from pipelines.home import Home
from training.monitoring.daily_volumes import VolumeDrift
from training.monitoring.drift import DistributionDrift

Drift = DistributionDrift | VolumeDrift


def read_drift(home: Home) -> dict[str, Any] | None:
    """The newest report; None where there is none, or it is damaged."""
    try:
        report: dict[str, Any] = json.loads(home.drift.read_bytes())
    except (OSError, ValueError):
        return None
    return report


def write_drift(home: Home, facts: Mapping[str, Any], drifts: Sequence[Drift]) -> None:
    """Replace the report of a home by the drifts, with what else it says of the release and the day."""
    distributions = [drift for drift in drifts if isinstance(drift, DistributionDrift)]
    report = {
        **facts,
        "inputs": [_distribution_json(drift) for drift in distributions if drift.kind == "input"],
        "scores": [_distribution_json(drift) for drift in distributions if drift.kind == "score"],
        "volumes": [_volume_json(drift) for drift in drifts if isinstance(drift, VolumeDrift)],
    }
    replace_text(home.drift, json.dumps(report))


def _distribution_json(drift: DistributionDrift) -> dict[str, Any]:
    return {
        "name": drift.name,
        "psi": round(drift.psi, 4),
        "limit": round(drift.limit, 4),
        "alarms": drift.alarms,
        "n": drift.current_n,
        "reference_n": drift.reference_n,
    }


def _volume_json(drift: VolumeDrift) -> dict[str, Any]:
    return {
        "group": drift.group,
        "window_days": drift.window_days,
        "observed": round(drift.observed, 1),
        "expected": round(drift.expected, 1),
        "limit": round(drift.limit, 4),
        "alarms": drift.alarms,
    }
