"""Economics query: the costs and the offer of a campaign as parameters of the builder's address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serving.web.audience_query import AudienceQuery
from training.experiments.record.experiment_folder import ExperimentFolder

SEPARATOR = "/"  # between an experiment and its arm
AMOUNTS = ("contact_cost", "offer_cost", "budget")
PERCENTAGES: Mapping[str, str] = {"margin": "margin", "uplift": "assumed_uplift"}  # parameter -> field of the request


def economics_fields(query: AudienceQuery) -> dict[str, Any] | None:
    """Return the economics of an audience request from the parameters of the builder; None without a margin.

    Percentages become shares. Text that is no number stays as it is, so that the service says what it expected.
    """
    if not query.choice("margin"):
        return None
    fields = {name: _number(query.choice(name)) for name in AMOUNTS}
    fields |= {field: _number(query.choice(name), 100) for name, field in PERCENTAGES.items()}
    experiment, _, arm = query.choice("offer").partition(SEPARATOR)
    texts = {"offer_paid": query.choice("offer_paid"), "experiment": experiment, "arm": arm}
    return {name: value for name, value in (fields | texts).items() if value not in (None, "")}


def offers_of(home: Path) -> list[str]:
    """Return the offers of all experiments that have a control, as the builder's choice."""
    started = ExperimentFolder(home).read_all()
    records = [one.record for one in started if one.record.control is not None]
    return [f"{record.id}{SEPARATOR}{arm.name}" for record in records for arm in record.arms if not arm.control]


def _number(text: str, divisor: float = 1) -> float | str:
    try:
        return float(text) / divisor
    except ValueError:
        return text
