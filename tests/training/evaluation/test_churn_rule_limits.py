"""Churn rule limits: a rule that a log cannot support is reported before training."""

from __future__ import annotations

from datetime import date, timedelta

from features.config.churn_rules import ChurnRule
from features.config.sources import EventsSource
from training.dataset.schedule import Schedule, plan_schedule
from training.evaluation.churn_rule_limits import RuleLimit, find_rule_limits

FIRST = date(2026, 1, 1)
VISITS = EventsSource(path="e", customer_id=("c",), happened_at=("t",), kind=("k",), behaviour=("visit",))
QUIET = EventsSource(path="e", customer_id=("c",), happened_at=("t",), kind=("k",))
CONTACT, ORDER = {"silent": ChurnRule(no_contact_days=30)}, {"lapsed": ChurnRule(no_order_days=182)}


def build_schedule(span: int, *origins: int) -> Schedule:
    requested = [FIRST + timedelta(days=number) for number in origins]
    return plan_schedule(FIRST, FIRST + timedelta(days=span), (30,), 900, requested)


def test_a_rule_that_the_log_can_follow_has_no_limits() -> None:
    assert find_rule_limits({**CONTACT, **ORDER}, build_schedule(365, 200, 300), VISITS) == []
    assert find_rule_limits({}, build_schedule(10), None) == []


def test_in_a_log_without_events_a_contact_is_an_order() -> None:
    assert find_rule_limits(CONTACT, build_schedule(365, 300), None) == [
        RuleLimit("silent", "the log has no events, so a contact is an order line", "describe them in [events]")
    ]
    assert find_rule_limits(ORDER, build_schedule(365, 300), None) == []


def test_events_of_no_listed_kind_are_no_contacts() -> None:
    (limit,) = find_rule_limits(CONTACT, build_schedule(365, 300), QUIET)
    assert limit.missing == "no kind of event is listed, so a contact is an order line"
    assert limit.remedy == "list them under behaviour or social in [events]"


def test_a_rule_that_asks_for_more_days_than_there_are_can_flag_nobody() -> None:
    (limit,) = find_rule_limits(ORDER, build_schedule(182, 90), VISITS)
    assert limit.missing == "it asks for 182 days of inactivity, there are 182 days of log: it can flag no customer"
    assert limit.remedy == "shorten it, or wait until 2026-07-03"
    assert find_rule_limits(ORDER, build_schedule((date(2026, 7, 3) - FIRST).days, 183), VISITS) == []


def test_a_rule_is_told_at_which_origins_the_log_was_too_short_for_it() -> None:
    (limit,) = find_rule_limits(ORDER, build_schedule(365, 300, 183, 182), VISITS)
    assert limit.missing == "it asks for 182 days of inactivity, more than there are of log before 2026-07-02"
    assert limit.remedy == "judged at 2 of 3 origins"


def test_a_contact_rule_without_events_and_without_days_hears_of_both() -> None:
    assert [limit.rule for limit in find_rule_limits(CONTACT, build_schedule(20), None)] == ["silent", "silent"]
