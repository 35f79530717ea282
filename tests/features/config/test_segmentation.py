"""The business says how it sorts its customers, and hears what it cannot mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from features.config.conditions import Bounds, Measure
from features.config.segmentation import LIFECYCLE
from features.config.shop import BusinessConfig, read_shop_config
from features.errors import InvalidConfig

SHOP = """
name = "corner-shop"
currency = "GBP"
timezone = "Europe/London"
[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
"""
AMOUNT = 'amount = "amount"\n'
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
    (folder / "flywheel.toml").write_text(SHOP + orders + toml, encoding="utf-8")
    return read_shop_config(folder / "flywheel.toml").business


def config_errors(folder: Path, toml: str, orders: str = AMOUNT) -> list[str]:
    with pytest.raises(InvalidConfig) as refused:
        read_business(folder, toml, orders)
    return [fault.removeprefix("  - ") for fault in str(refused.value).splitlines()[1:]]


def test_a_shop_may_say_everything_there_is_to_say(tmp_path: Path) -> None:
    said = read_business(tmp_path, EVERYTHING)
    assert (said.rfm.frequency, said.rfm.monetary_days) == ((2, 5), 365)
    assert [(stage.stage, list(stage.when.bounds)) for stage in said.lifecycle] == [
        ("loyalty", [Measure("orders", 182), Measure("average_basket", 182)]),
        ("potential", []),
    ]
    assert dict(said.value_tiers.shares) == {"platinum": 0.01, "gold": 0.05, "silver": 0.10}
    assert list(said.segments) == ["big baskets", "2 to 3 orders", "no contact for 30 days"]
    assert said.segments["2 to 3 orders"].bounds[Measure("orders")].given_bounds == {"at_least": 2, "at_most": 3}
    assert said.segments["no contact for 30 days"].bounds == {Measure("days_since_contact"): Bounds(at_least=30)}
    assert (said.preset_segments.newcomer_days, said.preset_segments.regular_orders) == (14, 5)


def test_a_shop_that_says_nothing_is_sorted_all_the_same(tmp_path: Path) -> None:
    said = read_business(tmp_path, "", orders="")
    assert said.lifecycle == LIFECYCLE
    assert (said.rfm.recency, said.segments) == ((), {})
    assert (said.value_tiers.by, dict(said.value_tiers.shares)) == ("customers", {"high": 0.2, "medium": 0.3})


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
    ("said", "answer"),
    [
        ("orders = 5", ".big.orders]: found 5; expected a section of keys."),
        ("order = { at_least = 5 }", ".big] order: unknown key; the nearest is 'orders'."),
        ("orders = { at_leats = 5 }", ".big.orders] at_leats: unknown key; the nearest is 'at_least'."),
        ("orders = { at_least = 'five' }", ".big.orders] at_least: found 'five'; expected a number."),
        ("orders = { at_least = nan }", ".big.orders] at_least: found nan; expected a number."),
        ("orders = { within_days = 0, at_least = 5 }", ".big.orders] within_days: found 0; expected 1 or more."),
        (
            "orders = { within_days = 30 }",
            ".big.orders]: found no bound; expected at_least, at_most, above or below.",
        ),
        (
            "orders = { at_least = 5, at_most = 3 }",
            ".big.orders]: found at_least = 5 and at_most = 3; expected bounds that a number can lie between.",
        ),
        (
            "spend = { above = 5, at_most = 5 }",
            ".big.spend]: found at_most = 5 and above = 5; expected bounds that a number can lie between.",
        ),
        (
            "days_known = { within_days = 30, above = 5 }",
            ".big.days_known] within_days: unknown key; remove it, or use one of above, at_least, at_most, below.",
        ),
        (
            "",
            (
                "]: found no condition in 'big'; expected at least one of orders, spend, average_basket, contacts, "
                "days_since_order, days_since_contact, days_known."
            ),
        ),
    ],
)
def test_what_cannot_be_a_segment(tmp_path: Path, said: str, answer: str) -> None:
    assert config_errors(tmp_path, f"[business.segments.big]\n{said}") == [f"[business.segments{answer}"]


@pytest.mark.parametrize("name", ["", " big", "b" * 81, "a\\tb"])
def test_a_segment_has_a_name_that_can_be_shown(tmp_path: Path, name: str) -> None:
    (answer,) = config_errors(tmp_path, f'[business.segments."{name}"]\norders = {{ at_least = 1 }}')
    assert answer.endswith("; expected a name of 1 to 80 printable characters, no blanks around it.")


@pytest.mark.parametrize(
    ("said", "answer"),
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
            "]: found a stage without conditions before the last; expected it last, for it holds of everybody.",
        ),
    ],
)
def test_what_cannot_be_a_stage(tmp_path: Path, said: str, answer: str) -> None:
    assert config_errors(tmp_path, f"[[business.lifecycle]]\n{said}") == [f"[business.lifecycle{answer}"]


@pytest.mark.parametrize(
    ("said", "answer"),
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
def test_what_the_business_cannot_mean(tmp_path: Path, said: str, answer: str) -> None:
    assert config_errors(tmp_path, f"[business]\n{said}") == [f"[business{answer}"]


@pytest.mark.parametrize("shares", ["[0.1, 0.2]", "0.5"])
def test_tiers_have_names(tmp_path: Path, shares: str) -> None:
    (answer,) = config_errors(tmp_path, f"[business.value_tiers]\nshares = {shares}")
    assert answer.startswith("[business.value_tiers] shares: found ")
    assert answer.endswith("; expected a section of keys.")


@pytest.mark.parametrize("shares", [(0.1,) * 10, (0.5, 0.5), (0.05, 0.55, 0.3, 0.1)])
def test_shares_may_come_to_a_whole_whatever_floats_make_of_them(tmp_path: Path, shares: Sequence[float]) -> None:
    said = ", ".join(f"t{place} = {share}" for place, share in enumerate(shares))
    tiers = read_business(tmp_path, f"[business.value_tiers]\nshares = {{ {said} }}").value_tiers
    assert tuple(tiers.shares.values()) == shares


def test_a_shop_without_amounts_cannot_ask_for_money(tmp_path: Path) -> None:
    (answer,) = config_errors(tmp_path, EVERYTHING, orders="")
    assert answer == (
        "[business]: found average_basket in [business.lifecycle.#1], average_basket in "
        '[business.segments."big baskets"], by = "revenue" in [business.value_tiers], while [orders] names no amount; '
        "expected rules of orders, contacts and days alone, or an amount in [orders]."
    )


def test_a_shop_without_amounts_may_ask_for_the_rest(tmp_path: Path) -> None:
    said = read_business(tmp_path, "[business.segments.some]\norders = { at_least = 2 }\ncontacts = { below = 9 }", "")
    assert list(said.segments["some"].bounds) == [Measure("orders"), Measure("contacts")]
