"""What a churn rule cannot say on this log: told instead of flagging nobody in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from features.config.churn_rules import ChurnRule
from features.config.sources import Events
from training.dataset.schedule import Schedule


@dataclass(frozen=True)
class Limit:
    """What a rule lacks, and what would cure it."""

    rule: str
    missing: str
    cure: str


def limits(rules: Mapping[str, ChurnRule], laid: Schedule, events: Events | None) -> list[Limit]:
    """What keeps each rule from meaning what it says, in the order of the rules; empty where nothing does."""
    return [limit for name, rule in rules.items() for limit in _of(name, rule, laid, events)]


def _of(name: str, rule: ChurnRule, laid: Schedule, events: Events | None) -> Iterator[Limit]:
    if rule.no_contact_days is not None and (events is None or not events.contacts):
        found = "the log has no events" if events is None else "no kind of event is listed"
        cure = "describe them in [events]" if events is None else "list them under behaviour or social in [events]"
        yield Limit(name, f"{found}, so a contact is an order line", cure)
    days = rule.days
    if laid.span <= days:
        yield Limit(
            name,
            f"it asks for {days} days of silence, there are {laid.span} days of log: it can flag nobody",
            f"shorten it, or wait until {laid.first + timedelta(days=days + 1)}",
        )
    elif laid.origins and (short := [origin for origin in laid.origins if (origin - laid.first).days <= days]):
        yield Limit(
            name,
            f"it asks for {days} days of silence, more than there are of log before {max(short)}",
            f"judged at {len(laid.origins) - len(short)} of {len(laid.origins)} origins",
        )
