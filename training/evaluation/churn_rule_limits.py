"""Churn rule limits: the data that the log lacks to evaluate a rule as it is written, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from features.config.churn_rules import ChurnRule
from features.config.sources import EventsSource
from training.dataset.schedule import Schedule


@dataclass(frozen=True)
class RuleLimit:
    """One limit of a rule: the missing data, and the remedy."""

    rule: str
    missing: str
    remedy: str


def find_rule_limits(
    rules: Mapping[str, ChurnRule], schedule: Schedule, events: EventsSource | None
) -> list[RuleLimit]:
    """The limits of each rule, in the order of the rules; empty where there are none."""
    return [limit for name, rule in rules.items() for limit in _limits_of_rule(name, rule, schedule, events)]


def _limits_of_rule(name: str, rule: ChurnRule, schedule: Schedule, events: EventsSource | None) -> Iterator[RuleLimit]:
    if rule.no_contact_days is not None and (events is None or not events.contact_kinds):
        missing = "the log has no events" if events is None else "no kind of event is listed"
        remedy = "describe them in [events]" if events is None else "list them under behaviour or social in [events]"
        yield RuleLimit(name, f"{missing}, so a contact is an order line", remedy)
    days = rule.max_inactive_days
    if schedule.span <= days:
        yield RuleLimit(
            name,
            f"it asks for {days} days of inactivity, there are {schedule.span} days of log: it can flag no customer",
            f"shorten it, or wait until {schedule.first + timedelta(days=days + 1)}",
        )
    elif schedule.origins and (
        short := [origin for origin in schedule.origins if (origin - schedule.first).days <= days]
    ):
        yield RuleLimit(
            name,
            f"it asks for {days} days of inactivity, more than there are of log before {max(short)}",
            f"judged at {len(schedule.origins) - len(short)} of {len(schedule.origins)} origins",
        )
