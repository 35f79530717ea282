"""Segmentation settings: what flywheel.toml may define, its defaults, and the errors for invalid settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from features.config.conditions import Bounds, Measure
from features.config.segmentation import LIFECYCLE
from features.config.shop import BusinessConfig
from tests.features.config.config_files import AMOUNT, MINIMAL, business_errors, read_text

EVERYTHING = """
[business.rfm]
recency = [30, 90]
frequency = [2, 5]
monetary = [100, 500]
frequency_days = 365
monetary_days = 365

[[business.lifecycle]]
stage = "loyalty"
phase = "repurchase"
when = { orders = { within_days = 182, at_least = 5 }, average_basket = { within_days = 182, above = 500 } }
[[business.lifecycle]]
stage = "potential"
phase = "acquire"

[business.value_tiers]
by = "revenue"
horizon_days = 90
shares = { platinum = 0.01, gold = 0.05, silver = 0.10 }
rest = "standard"

[business.segments."big baskets"]
orders = { within_days = 182, at_least = 5 }
average_basket = { within_days = 182, above = 500 }
[business.segments."2 to 3 orders"]
orders = { at_least = 2, at_most = 3 }
[business.segments."no contact for 30 days"]
days_since_contact = { at_least = 30 }

[business.preset_segments]
newcomer_days = 14
"""


def read_business(folder: Path, toml: str, orders: str = AMOUNT) -> BusinessConfig:
    """Write flywheel.toml and read its business settings."""
    return read_text(folder, MINIMAL + orders + toml).business


def test_a_shop_may_say_everything_there_is_to_say(tmp_path: Path) -> None:
    business = read_business(tmp_path, EVERYTHING)
    assert (business.rfm.frequency, business.rfm.monetary_days) == ((2, 5), 365)
    assert [(stage.stage, list(stage.when.bounds)) for stage in business.lifecycle] == [
        ("loyalty", [Measure("orders", 182), Measure("average_basket", 182)]),
        ("potential", []),
    ]
    assert dict(business.value_tiers.shares) == {"platinum": 0.01, "gold": 0.05, "silver": 0.10}
    assert list(business.segments) == ["big baskets", "2 to 3 orders", "no contact for 30 days"]
    assert business.segments["2 to 3 orders"].bounds[Measure("orders")].given_bounds == {"at_least": 2, "at_most": 3}
    assert business.segments["no contact for 30 days"].bounds == {Measure("days_since_contact"): Bounds(at_least=30)}
    assert (business.preset_segments.newcomer_days, business.preset_segments.regular_orders) == (14, 5)


def test_a_shop_that_says_nothing_is_sorted_all_the_same(tmp_path: Path) -> None:
    business = read_business(tmp_path, "", orders="")
    assert business.lifecycle == LIFECYCLE
    assert (business.rfm.recency, business.segments) == ((), {})
    assert (business.value_tiers.by, dict(business.value_tiers.shares)) == ("customers", {"high": 0.2, "medium": 0.3})


def test_the_default_lifecycle_can_be_written_into_the_description(tmp_path: Path) -> None:
    text = """
        [[business.lifecycle]]
        stage = "retention"
        phase = "lapse"
        when = { days_since_order = { at_least = 182 } }
        [[business.lifecycle]]
        stage = "loyalty"
        phase = "repurchase"
        when = { orders = { within_days = 182, at_least = 5 } }
        [[business.lifecycle]]
        stage = "retention"
        phase = "repurchase"
        when = { orders = { at_least = 2 } }
        [[business.lifecycle]]
        stage = "conversion"
        phase = "activate"
        when = { orders = { at_least = 1 } }
        [[business.lifecycle]]
        stage = "contact"
        phase = "acquire"
        when = { contacts = { within_days = 30, at_least = 1 } }
        [[business.lifecycle]]
        stage = "potential"
        phase = "acquire"
    """
    assert read_business(tmp_path, text).lifecycle == LIFECYCLE


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (
            'stage = "loyal"\nphase = "lapse"',
            ".#1] stage: found 'loyal'; expected 'potential', 'contact', 'conversion', 'retention' or 'loyalty'.",
        ),
        (
            'stage = "loyalty"\nphase = "leave"',
            ".#1] phase: found 'leave'; expected 'acquire', 'activate', 'repurchase' or 'lapse'.",
        ),
        ('stage = "loyalty"', ".#1] phase: missing; add it."),
        (
            'stage = "loyalty"\nphase = "lapse"\nwhen = { orders = { at_lest = 5 } }',
            ".#1.when.orders] at_lest: unknown key; the nearest is 'at_least'.",
        ),
        (
            'stage = "loyalty"\nphase = "lapse"\n[[business.lifecycle]]\nstage = "potential"\nphase = 5',
            ".#2] phase: found 5; expected 'acquire', 'activate', 'repurchase' or 'lapse'.",
        ),
        (
            'stage = "loyalty"\nphase = "lapse"\n[[business.lifecycle]]\nstage = "potential"\nphase = "acquire"',
            "]: found a stage without conditions before the last; expected it last, because it matches every customer.",
        ),
    ],
)
def test_what_cannot_be_a_stage(tmp_path: Path, toml: str, expected: str) -> None:
    assert business_errors(tmp_path, f"[[business.lifecycle]]\n{toml}") == [f"[business.lifecycle{expected}"]


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("lifecycle = []", ".lifecycle]: found []; expected at least one stage."),
        ("lifecycle = 5", ".lifecycle]: found 5; expected a list in square brackets."),
        ("rfm.recency = [90, 30]", ".rfm] recency: found [90, 30]; expected rising numbers."),
        ("rfm.monetary = [1, 1]", ".rfm] monetary: found [1, 1]; expected rising numbers."),
        ("rfm.monetary = [nan]", ".rfm] monetary: found [nan]; expected rising numbers."),
        ("rfm.frequency_day = 30", ".rfm] frequency_day: unknown key; the nearest is 'frequency_days'."),
        ("value_tiers.by = 'spend'", ".value_tiers] by: found 'spend'; expected 'customers' or 'revenue'."),
        (
            "value_tiers.horizon_days = 60",
            "]: found horizon_days = 60 in value_tiers; expected one of ltv_days, 30, 90, 365.",
        ),
        (
            "value_tiers.shares = { gold = 0.6, silver = 0.5 }",
            (
                ".value_tiers] shares: found gold = 0.6, silver = 0.5; "
                "expected shares above 0 that come to 1 or less together."
            ),
        ),
        (
            "value_tiers.shares = { gold = 0 }",
            ".value_tiers] shares: found gold = 0; expected shares above 0 that come to 1 or less together.",
        ),
        ("value_tiers.shares = { gold = 'all' }", ".value_tiers] shares: found 'all'; expected a number."),
        (
            "value_tiers.rest = 'high'",
            (
                ".value_tiers]: found the tiers 'high', 'medium', 'high'; expected different names of 1 to 80 "
                "printable characters."
            ),
        ),
        ("preset_segments.newcomer_share = 2", ".preset_segments] newcomer_share: found 2; expected 1 or less."),
        ("preset_segments.lapse_orders = 1", ".preset_segments] lapse_orders: found 1; expected 2 or more."),
        ("preset_segments.newcomers = 1", ".preset_segments] newcomers: unknown key; the nearest is 'newcomer_days'."),
    ],
)
def test_what_the_business_cannot_mean(tmp_path: Path, toml: str, expected: str) -> None:
    assert business_errors(tmp_path, f"[business]\n{toml}") == [f"[business{expected}"]


@pytest.mark.parametrize("shares", ["[0.1, 0.2]", "0.5"])
def test_tiers_have_names(tmp_path: Path, shares: str) -> None:
    (error,) = business_errors(tmp_path, f"[business.value_tiers]\nshares = {shares}")
    assert error.startswith("[business.value_tiers] shares: found ")
    assert error.endswith("; expected a section of keys.")


@pytest.mark.parametrize("shares", [(0.1,) * 10, (0.5, 0.5), (0.05, 0.55, 0.3, 0.1)])
def test_shares_may_come_to_a_whole_whatever_floats_make_of_them(tmp_path: Path, shares: Sequence[float]) -> None:
    toml = ", ".join(f"t{position} = {share}" for position, share in enumerate(shares))
    tiers = read_business(tmp_path, f"[business.value_tiers]\nshares = {{ {toml} }}").value_tiers
    assert tuple(tiers.shares.values()) == shares


def test_a_shop_without_amounts_cannot_ask_for_money(tmp_path: Path) -> None:
    (error,) = business_errors(tmp_path, EVERYTHING, orders="")
    assert error == (
        "[business]: found average_basket in [business.lifecycle.#1], average_basket in "
        '[business.segments."big baskets"], by = "revenue" in [business.value_tiers], but [orders] names no amount; '
        "expected conditions on orders, contacts and days only, or an amount in [orders]."
    )


def test_a_shop_without_amounts_may_ask_for_the_rest(tmp_path: Path) -> None:
    business = read_business(
        tmp_path, "[business.segments.some]\norders = { at_least = 2 }\ncontacts = { below = 9 }", ""
    )
    assert list(business.segments["some"].bounds) == [Measure("orders"), Measure("contacts")]
