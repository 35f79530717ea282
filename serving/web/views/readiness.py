"""Readiness view: what the log can teach before the first release, and what is missing for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from serving.releases.readiness_report import ModelReadiness, ReadinessReport


@dataclass(frozen=True)
class ReadinessView:
    """The readiness of every model; a number of customers below ``smallest`` is not told."""

    report: ReadinessReport
    smallest: int

    @property
    def as_of(self) -> date:
        """The day of the report."""
        return self.report.as_of

    @property
    def rows(self) -> tuple[tuple[ModelReadiness, int | None], ...]:
        """Each model at each horizon, with the customers of its newest finished window."""
        return tuple(
            (model, model.customers if model.customers >= self.smallest else None) for model in self.report.models
        )
