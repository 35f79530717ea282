"""Definition of a home: the numbers of the north star, chosen from the log once and kept until they are configured."""

from __future__ import annotations

import json
from typing import Literal

from features.calendar import day_number
from pipelines.learning.growth.closed_periods import FixedDefinition
from pipelines.run_context import RunContext
from training.growth.definition import HighValueDefinition, choose_level, choose_value_days
from training.growth.growth_log import GrowthLog


def definition_for(context: RunContext, log: GrowthLog, stored: FixedDefinition | None) -> FixedDefinition:
    """The definition that is stored, if the settings are the same; else one with numbers chosen from today's log."""
    settings = _settings(context, log)
    if stored is not None and stored.settings == settings:
        return stored
    config = context.config.business.north_star
    first, _ = context.history.day_range()
    active_days = context.churn_days if config.active_days == "auto" else config.active_days
    value_days = config.value_days
    if value_days == "auto":
        value_days = choose_value_days((context.as_of - first).days)
    level = config.level
    if level == "auto":
        level = choose_level(log, active_days, value_days, day_number(context.as_of))
    definition = HighValueDefinition(
        active_days=max(active_days, 7),
        value_days=value_days,
        level=level,
        measure=_measure(log),
        currency=context.config.currency,
    )
    return FixedDefinition(definition, settings, context.as_of)


def _measure(log: GrowthLog) -> Literal["spend", "orders"]:
    return "spend" if log.has_amounts else "orders"


def _settings(context: RunContext, log: GrowthLog) -> str:
    """What the numbers are made from; the margin is not among them, since it moves no customer."""
    settings = context.config.business.north_star.model_dump(mode="json", exclude={"gross_margin"})
    return json.dumps({**settings, "measure": _measure(log), "currency": context.config.currency}, sort_keys=True)
