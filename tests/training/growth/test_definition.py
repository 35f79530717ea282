"""Definition: the windows and the level that fit a shop, fixed as numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.training.growth.shop_logs import DEFINITION, log_by_hand, random_log
from training.growth.definition import choose_level, choose_value_days
from training.growth.movements import customer_states
from training.growth.wording import definition_text


@pytest.mark.parametrize(("log_days", "value_days"), [(10, 91), (363, 91), (364, 182), (546, 182), (547, 365)])
def test_the_window_of_spend_leaves_half_a_year_of_figures(log_days: int, value_days: int) -> None:
    assert choose_value_days(log_days) == value_days


def test_the_level_is_what_the_top_fifth_of_the_active_reach() -> None:
    orders = [(customer, 90, 10.0 * (customer + 1)) for customer in range(10)]
    lapsed = [(10 + customer, 50, 5_000.0) for customer in range(10)]
    assert choose_level(log_by_hand(*orders, *lapsed), 28, 91, 100) == 90.0


def test_a_level_has_two_significant_digits_and_is_at_least_one() -> None:
    assert choose_level(log_by_hand((0, 90, 4_871.33)), 28, 91, 100) == 4_900.0
    assert choose_level(log_by_hand((0, 90, 0.2)), 28, 91, 100) == 1.0
    assert choose_level(log_by_hand((0, 10, 50.0)), 28, 91, 100) == 1.0


def test_with_a_fixed_level_twice_the_spend_makes_more_customers_count() -> None:
    log = random_log(1)
    level = choose_level(log, 28, 91, 300)
    fixed = replace(DEFINITION, level=level)
    (before,) = customer_states(log, fixed, [300])
    (after,) = customer_states(replace(log, value=2 * log.value), fixed, [300])
    assert after.high_value_active.sum() > 1.5 * before.high_value_active.sum()


def test_other_numbers_have_another_digest() -> None:
    others = (replace(DEFINITION, active_days=99), replace(DEFINITION, value_days=99), replace(DEFINITION, level=99.0))
    digests = {DEFINITION.digest, *(other.digest for other in others)}
    assert len(digests) == 4


def test_the_definition_is_told_with_its_numbers_in_both_languages() -> None:
    texts = definition_text(replace(DEFINITION, level=1_250.0))
    assert texts == {
        "en": "A customer counts with an order in the last 28 days, and at least 1,250 EUR spent in the last 91 days.",
        "zh": "最近 28 天内下过单、且最近 91 天累计消费满 1,250 EUR 的顾客计入。",
    }
    by_orders = definition_text(replace(DEFINITION, level=3.0, measure="orders"))
    assert "at least 3 orders in the last 91 days" in by_orders["en"]
    assert "下单满 3 次" in by_orders["zh"]
