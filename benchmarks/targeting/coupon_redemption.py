"""Who redeems a coupon next? Price sensitivity before an origin, beside simple counts, against what then happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.accuracy.paired_comparison import Case, ComparisonRow, Measure, compare_to_baselines
from features.aggregates.baskets import Baskets
from features.arrays import Floats
from features.config.shop import ShopConfig
from features.config.sources import EventsSource
from features.history import Cutoff, History
from pipelines.run_context import RunContext
from pipelines.scoring.preference_columns import preference_columns
from pipelines.steps.evaluate import BacktestResult
from training import metrics
from training.evaluation.backtest import Backtest

DAYS = 91
TENTH = 10
SHARE, ORDERS, EXPECTED = "price_sensitivity", "discounted_orders_91d", "price_sensitivity x expected orders"
SIGNALS = ("coupon or redemption", "coupon", "redemption", "any discount")


def precision_of_top_tenth(score: Floats, actual: Floats) -> float:
    """The share of the best tenth by a score who did it; of equals at its border each has the same chance to be in."""
    room = len(score) // TENTH
    border = np.partition(score, -room)[-room]
    above, level = score > border, score == border
    return float((actual[above].sum() + actual[level].mean() * (room - above.sum())) / room)


MEASURES = (
    Measure("AUC", metrics.auc, higher_is_better=True),
    Measure("precision of the first tenth", precision_of_top_tenth, higher_is_better=True),
)


def compare_redeemers(log: str, context: RunContext, backtest_result: BacktestResult) -> Iterator[ComparisonRow]:
    """At every origin of the back-test, of those who had ordered by then."""
    for test in backtest_result.tests:
        who, cutoff = _test_customers(backtest_result, test), Cutoff.from_day(test.origin, context.config.zone)
        came, simple = redeemed_in_window(context, cutoff, who), baseline_scores(context, cutoff, who)
        for name, score in _our_scores(context, cutoff, who, test).items():
            case = Case(
                log=log, protocol="T", origin=str(test.origin), question=f"redeems within {DAYS} d", tier=name,
                ours=score, by_tier={}, actual=came, baselines=simple,
            )  # fmt: skip
            yield from compare_to_baselines(case, MEASURES)


@dataclass(frozen=True)
class PriceSensitiveSegment:
    """Who was called price-sensitive at an origin, and what shares then redeemed."""

    origin: str
    members: int
    customers: int
    member_share: float  # of the members
    other_share: float  # of all others
    recall: float  # of those who redeem, who are members


def price_sensitive_segments(context: RunContext, backtest_result: BacktestResult) -> Iterator[PriceSensitiveSegment]:
    """At every origin of the back-test."""
    for test in backtest_result.tests:
        who, cutoff = _test_customers(backtest_result, test), Cutoff.from_day(test.origin, context.config.zone)
        column = preference_columns(context.config, context.history, cutoff, who)["preset_segment_price_sensitive"]
        came, mine = redeemed_in_window(context, cutoff, who), column.to_numpy(zero_copy_only=False)
        yield PriceSensitiveSegment(
            str(test.origin), int(mine.sum()), len(mine), float(came[mine].mean()), float(came[~mine].mean()),
            float(came[mine].sum() / came.sum()),
        )  # fmt: skip


def scores_by_signal(context: RunContext, cutoff: Cutoff) -> Iterator[tuple[str, dict[str, Floats], Floats]]:
    """What each signal alone would make of everybody known at an origin, and who then redeemed."""
    who = _customers_with_orders(context.history, cutoff)
    came = redeemed_in_window(context, cutoff, who)
    for signal in SIGNALS:
        found = preference_columns(*_with_single_signal(context.config, context.history, signal), cutoff, who)
        yield signal, {name: found[name].to_numpy() for name in (SHARE, ORDERS)}, came


def redeemed_in_window(context: RunContext, cutoff: Cutoff, customers: pa.Array) -> Floats:
    """1 for who has a redemption within the window that begins at the cutoff, (n,)."""
    events, said = _events(context)
    day = events.day_number
    later = events.filter(events.kind.isin(said.redemptions), day >= cutoff.day_number, day < cutoff.day_number + DAYS)
    redeemed = later.select("customer_id").distinct().to_pyarrow()["customer_id"]
    came: Floats = pc.is_in(customers, value_set=redeemed.combine_chunks()).to_numpy(zero_copy_only=False).astype(float)
    return came


def baseline_scores(context: RunContext, cutoff: Cutoff, customers: pa.Array) -> Mapping[str, Floats]:
    """Simple counts known at the cutoff, (n,) each."""
    orders = Baskets.before(context.history, cutoff).orders
    paid = orders.group_by("customer_id").aggregate(
        share=(orders.discount > 0).cast("float64").mean(), total=orders.discount.sum().cast("float64")
    )
    events, said = _events(context)
    past = events.filter(events.kind.isin(said.redemptions), events.day_number < cutoff.day_number)
    counts = past.group_by("customer_id").aggregate(times=past.count())
    found = pd.DataFrame({"customer_id": customers.to_pylist()})
    for one in (paid, counts):
        found = found.merge(one.to_pandas(), on="customer_id", how="left")
    return {
        "share of orders with any discount": found["share"].fillna(0).to_numpy(float),
        "total discount": found["total"].fillna(0).to_numpy(float),
        "past redemptions": found["times"].fillna(0).to_numpy(float),
    }


def _test_customers(backtest_result: BacktestResult, test: Backtest) -> pa.Array:
    customer = {number: name for name, number in backtest_result.data.customer_numbers.items()}
    return pa.array([customer[one] for one in test.rows.customer.tolist()], pa.string())


def _our_scores(context: RunContext, cutoff: Cutoff, customers: pa.Array, test: Backtest) -> dict[str, Floats]:
    found = preference_columns(context.config, context.history, cutoff, customers)
    share, forecast = found[SHARE].to_numpy(), next(iter(test.forecasts.values()))
    expected = forecast.expected_orders[:, forecast.horizons.index(DAYS)]
    return {SHARE: share, ORDERS: found[ORDERS].to_numpy(), EXPECTED: share * expected}


def _events(context: RunContext) -> tuple[ir.Table, EventsSource]:
    if context.history.events is None or context.config.events is None:
        raise ValueError(f"Who redeems is asked of a log without events: {context.config.name}. Choose another log.")
    return context.history.events, context.config.events


def _customers_with_orders(history: History, cutoff: Cutoff) -> pa.Array:
    orders = Baskets.before(history, cutoff).orders
    return orders.select("customer_id").distinct().order_by("customer_id").to_pyarrow()["customer_id"].combine_chunks()


def _with_single_signal(config: ShopConfig, history: History, signal: str) -> tuple[ShopConfig, History]:
    """The shop, had it logged but one of the signals."""
    if "redemption" not in signal and config.events is not None:
        config = config.model_copy(update={"events": config.events.model_copy(update={"redemptions": ()})})
    return config, history if "coupon" in signal else replace(history, lines=history.lines.drop("coupon"))
