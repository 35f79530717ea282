"""Preference columns: a customer's own preferences where there are enough, else those of the population."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from features.config.shop import ShopConfig
from features.history import History
from pipelines.scoring import preference_counts
from pipelines.scoring.preference_columns import PreferenceColumns, compute_preferences
from tests.logs import FEW_EXAMPLES, cutoff, history_of, write_config
from training.segments.preferences import COLUMN_FAMILIES, PREFERENCE_COLUMNS

LINES = ("customer_id", "ordered_at", "amount", "order_id", "channel", "category", "coupon")
LONDON = "Europe/London"
TODAY = cutoff("2026-07-01", LONDON)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ShopConfig:
    return write_config(tmp_path_factory.mktemp("shop"), zone=LONDON, events={"behaviour": ["visit"]})


def monday_orders(
    customer_id: str, orders: int, hour: int, channel: str = "app", coupons: int = 0
) -> list[tuple[object, ...]]:
    """Orders of tea on Mondays, the first of them with a coupon."""
    first = date(2026, 1, 5)
    return [
        (
            customer_id,
            f"{first + timedelta(7 * week)} {hour:02d}:30",
            5,
            f"{customer_id}{week}",
            channel,
            "tea",
            int(week < coupons),
        )
        for week in range(orders)
    ]


def twenty_one_customers() -> History:
    """Twenty customers of few orders, and ann of many; bob is known from a visit alone."""
    few = [line for index in range(20) for line in monday_orders(f"c{index:02d}", 1 + index % 3, 8 + index % 4, "web")]
    lines = [*few, *monday_orders("ann", 20, 20, "app", 20), *monday_orders("cat", 20, 8, "web", 1)]
    return history_of(*lines, columns=LINES, events=[("bob", "2026-06-30 23:10", "visit")], zone=LONDON)


def preference_rows(result: PreferenceColumns) -> list[dict[str, object]]:
    table: list[dict[str, object]] = pa.table(result.columns).to_pylist()
    return table


def preferences_of(shop: ShopConfig, history: History, *customer_ids: str) -> list[dict[str, object]]:
    return preference_rows(compute_preferences(shop, history, TODAY, pa.array(customer_ids, pa.string())))


def test_the_columns_are_those_promised(shop: ShopConfig) -> None:
    result = compute_preferences(shop, twenty_one_customers(), TODAY, pa.array(["ann", "bob"]))
    assert [(name, column.type) for name, column in result.columns.items()] == [
        (one.name, one.type) for one in PREFERENCE_COLUMNS
    ]
    assert result.null_reasons == {}
    assert all(one.meaning.endswith(".") for one in PREFERENCE_COLUMNS)


def test_a_customer_with_many_orders_gets_an_own_preference(shop: ShopConfig) -> None:
    [ann] = preferences_of(shop, twenty_one_customers(), "ann")
    assert (ann["preferred_hour"], ann["preferred_hour_evidence"]) == (
        19,
        "customer",
    )  # 19:00 to 21:00 as 20:00 to 22:00
    assert (ann["preferred_weekday"], ann["category_ranking"]) == (1, ["tea"])
    assert (ann["channel_ranking"], ann["channel_evidence"]) == (["app", "web"], "customer")
    assert ann["preset_segment_price_sensitive"]


def test_a_customer_with_hardly_any_history_gets_the_preference_of_the_population(shop: ShopConfig) -> None:
    stranger, other = preferences_of(shop, twenty_one_customers(), "nobody", "zoe")
    assert stranger == other
    assert {stranger[f"{name}_evidence"] for name in ("preferred_hour", "channel", "category")} == {"population"}
    assert (stranger["preferred_hour"], stranger["channel_ranking"]) == (8, ["web", "app"])
    assert (stranger["discounted_orders_91d"], stranger["preset_segment_price_sensitive"]) == (0.0, False)


def test_the_answer_does_not_depend_on_who_else_is_asked_about(shop: ShopConfig) -> None:
    together = preferences_of(shop, twenty_one_customers(), "ann", "bob", "cat", "nobody")
    assert preferences_of(shop, twenty_one_customers(), "cat", "ann") == [together[2], together[0]]
    assert preferences_of(shop, twenty_one_customers()) == []


@pytest.mark.slow
def test_some_customers_at_a_time_are_told_the_same(shop: ShopConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = preferences_of(shop, twenty_one_customers(), "ann", "bob", "c07", "cat")
    monkeypatch.setattr(preference_counts, "BATCH_LINES", 10)
    assert preferences_of(shop, twenty_one_customers(), "ann", "bob", "c07", "cat") == whole


def test_price_sensitivity_weighs_own_orders_against_everybodys(shop: ShopConfig) -> None:
    lines = [line for index in range(40) for line in monday_orders(f"c{index:02d}", 4, 9, coupons=index % 5)]
    c00, c04, none = preferences_of(shop, history_of(*lines, columns=LINES, zone=LONDON), "c00", "c04", "none")
    # Shares 0, 1/4, 1/2, 3/4 and 1 of eight customers each: one half, and alike by Kleinman's moments as follows.
    mean = 80.5 / 161
    alike = (8 * (0 + 1 + 4 + 9 + 16) / 4 - 160 * mean**2 - mean**2 * 39) / (mean**2 * (160 - 4 - 39))
    weight = 1 / alike - 1
    assert weight >= 1.0
    assert none["price_sensitivity"] == pytest.approx(mean)
    for row, coupons in ((c00, 0), (c04, 4)):
        yes, no = weight * mean + coupons, weight * (1 - mean) + 4 - coupons
        assert row["price_sensitivity"] == pytest.approx(yes / (yes + no))
        ends = (row["price_sensitivity_p10"], row["price_sensitivity_p90"])
        assert ends == pytest.approx((beta.ppf(0.1, yes, no), beta.ppf(0.9, yes, no)))
        assert row["preset_segment_price_sensitive"] is bool(beta.ppf(0.1, yes, no) > mean)


def test_one_order_with_a_coupon_does_not_make_a_customer_surely_price_sensitive(shop: ShopConfig) -> None:
    others = [line for index in range(40) for line in monday_orders(f"c{index:02d}", 4, 9, coupons=index % 2)]
    lines = [*others, *monday_orders("dan", 1, 9, coupons=1), *monday_orders("eve", 20, 9, coupons=20)]
    dan, eve, none = preferences_of(shop, history_of(*lines, columns=LINES, zone=LONDON), "dan", "eve", "none")
    assert none["price_sensitivity"] < dan["price_sensitivity"] < eve["price_sensitivity"]  # type: ignore[operator]
    assert (dan["preset_segment_price_sensitive"], eve["preset_segment_price_sensitive"]) == (False, True)


def test_touches_rank_channels_by_how_often_they_are_answered(shop: ShopConfig) -> None:
    touches = [(f"c{index:02d}", f"2026-{month:02d}-02 10:00", channel)
               for index in range(10) for month in (1, 2, 3) for channel in ("email", "sms", "sms")]  # fmt: skip
    lines = [("c00", "2026-05-10 12:00", 5), ("ann", "2026-05-10 12:00", 5)]
    touches += [("ann", "2026-05-06", "email"), ("c00", "2026-05-06", "email")]
    [ann] = preferences_of(shop, history_of(*lines, touches=touches, zone=LONDON), "ann")
    assert ann["channel_ranking"] == ["email", "sms"]


def test_a_channel_on_which_every_touch_was_withheld_is_not_ranked(shop: ShopConfig) -> None:
    touches = [(f"c{index:03d}", "2026-01-02 10:00", "push", False) for index in range(600)]
    lines = [(f"c{index:03d}", "2026-01-04 12:00", 5) for index in range(0, 600, 6)]
    [c001] = preferences_of(shop, history_of(*lines, touches=touches, zone=LONDON), "c001")
    assert c001["channel_ranking"] is None
    touches.append(("c001", "2026-01-02 10:00", "sms", True))
    [c001] = preferences_of(shop, history_of(*lines, touches=touches, zone=LONDON), "c001")
    assert c001["channel_ranking"] == ["sms"]


def held_out_touches(probability: float | None) -> list[tuple[object, ...]]:
    """600 touches by e-mail to customers who buy anyway, 600 by sms to customers who buy more after a touch."""
    touches: list[tuple[object, ...]] = []
    for index in range(1200):
        channel = "email" if index % 2 else "sms"
        touches.append((f"c{index:04d}", "2026-01-02 10:00", channel, index % 20 < 18, probability))
    return touches


def answers() -> list[tuple[object, ...]]:
    """An order from half of the customers of the e-mail, and from two in six of those who got the sms."""
    buys = [index for index in range(1200) if (index // 20 % 2 == 0 if index % 2 else index % 20 < 6)]
    return [(f"c{index:04d}", "2026-01-04 12:00", 5) for index in buys]


@pytest.mark.parametrize(("probability", "ranking"), [(0.9, ["sms", "email"]), (None, ["email", "sms"])])
def test_channels_with_a_hold_out_are_ranked_by_what_a_touch_adds(
    shop: ShopConfig, probability: float | None, ranking: list[str]
) -> None:
    history = history_of(*answers(), touches=held_out_touches(probability), zone=LONDON)
    [stranger] = preferences_of(shop, history, "stranger")
    assert stranger["channel_ranking"] == ranking
    assert stranger["channel_affinity"] == pytest.approx(
        [{"sms": 1 / 3, "email": 1 / 2}[name] for name in ranking], abs=0.01
    )


def test_a_log_that_tells_little_says_what_it_lacks(shop: ShopConfig) -> None:
    result = compute_preferences(shop, history_of(("ann", "2026-02-01", 5), zone=LONDON), TODAY, pa.array(["ann"]))
    assert result.null_reasons == {
        "preferred_hour": "no order or event has a time of day: the log has dates alone",
        "channel": "neither touches nor orders nor events name a channel",
        "category": "orders have no category",
        "price": "the log has no discounts, no coupons and no redemptions",
    }
    for family in result.null_reasons:
        assert all(result.columns[one.name].to_pylist() == [None] for one in COLUMN_FAMILIES[family])
    assert result.columns["preferred_weekday"].to_pylist() == [7]


def test_nothing_from_the_cutoff_on_changes_an_answer(shop: ShopConfig) -> None:
    later = [("ann", "2026-07-01 00:00", 5, "late", "tv", "fish", 1)]
    lines = [*monday_orders("ann", 9, 20), *monday_orders("bob", 3, 8, "web", 2)]
    before, after = (history_of(*one, columns=LINES, zone=LONDON) for one in (lines, [*lines, *later]))
    held_back = [
        {key: one for key, one in row.items() if "channel" not in key} for row in preferences_of(shop, before, "ann")
    ]
    columns = [
        {key: one for key, one in row.items() if "channel" not in key} for row in preferences_of(shop, after, "ann")
    ]
    assert columns == held_back


orders = st.tuples(
    st.sampled_from(["ann", "bob", "cat"]), st.integers(0, 150), st.integers(0, 23), st.sampled_from(["web", "app"]),
    st.sampled_from(["tea", "fish", "wine"]), st.integers(0, 1),
)  # fmt: skip


@pytest.mark.slow
@FEW_EXAMPLES
@given(st.lists(orders, min_size=1, max_size=12))
def test_every_share_lies_in_its_interval_and_shares_of_all_channels_are_all(
    shop: ShopConfig, drawn: list[tuple[str, int, int, str, str, int]]
) -> None:
    lines = [
        (customer_id, f"{date(2026, 1, 1) + timedelta(day)} {hour:02d}:10", 5, f"A{index}", channel, category, coupon)
        for index, (customer_id, day, hour, channel, category, coupon) in enumerate(drawn)
    ]
    for row in preferences_of(shop, history_of(*lines, columns=LINES, zone=LONDON), "ann", "bob", "cat"):
        for name, share in (("preferred_hour", "_share"), ("preferred_weekday", "_share"), ("price_sensitivity", "")):
            assert 0 <= row[f"{name}_p10"] <= row[f"{name}{share}"] <= row[f"{name}_p90"] <= 1  # type: ignore[operator]
        for name in ("channel", "category"):
            columns = (row[f"{name}_{one}"] for one in ("p10", "affinity", "p90"))
            assert all(low <= share <= high for low, share, high in zip(*columns, strict=True))
        assert sum(row["channel_affinity"]) == pytest.approx(1.0)  # type: ignore[call-overload]
