"""Coupon redemption: ranks customers by price sensitivity at an origin, to predict who redeems a coupon afterwards."""

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
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from pipelines.scoring.preference_columns import preference_columns
from training import metrics
from training.evaluation.backtest import Backtest

DAYS = 91
TENTH = 10
SHARE, ORDERS, EXPECTED = "price_sensitivity", "discounted_orders_91d", "price_sensitivity x expected orders"
SIGNALS = ("coupon or redemption", "coupon", "redemption", "any discount")


def precision_of_top_tenth(score: Floats, actual: Floats) -> float:
    """Return the share of positives in the top tenth by score; ties at its border count with equal probability."""
    size = len(score) // TENTH
    border = np.partition(score, -size)[-size]
    above, at_border = score > border, score == border
    return float((actual[above].sum() + actual[at_border].mean() * (size - above.sum())) / size)


MEASURES = (
    Measure("AUC", metrics.auc, higher_is_better=True),
    Measure("precision of the first tenth", precision_of_top_tenth, higher_is_better=True),
)


def compare_redeemers(log: str, context: RunContext, backtest_result: BacktestResult) -> Iterator[ComparisonRow]:
    """Compare our scores with the baselines at every origin of the back-test, over customers with orders."""
    for test in backtest_result.tests:
        customers, cutoff = _test_customers(backtest_result, test), Cutoff.from_day(test.origin, context.config.zone)
        redeemed, baselines = (
            redeemed_in_window(context, cutoff, customers),
            baseline_scores(context, cutoff, customers),
        )
        for name, score in _our_scores(context, cutoff, customers, test).items():
            case = Case(
                log=log, protocol="T", origin=str(test.origin), question=f"redeems within {DAYS} d", tier=name,
                predictions=score, by_tier={}, actual=redeemed, baselines=baselines,
            )  # fmt: skip
            yield from compare_to_baselines(case, MEASURES)


@dataclass(frozen=True)
class PriceSensitiveSegment:
    """The price-sensitive segment at an origin, and the redemption rates inside and outside it."""

    origin: str
    members: int
    customers: int
    member_share: float  # redemption rate of members
    other_share: float  # redemption rate of all others
    recall: float  # share of redeemers who are members


def price_sensitive_segments(context: RunContext, backtest_result: BacktestResult) -> Iterator[PriceSensitiveSegment]:
    """Measure the price-sensitive segment at every origin of the back-test."""
    for test in backtest_result.tests:
        customers, cutoff = _test_customers(backtest_result, test), Cutoff.from_day(test.origin, context.config.zone)
        column = preference_columns(context.config, context.history, cutoff, customers)[
            "preset_segment_price_sensitive"
        ]
        redeemed, is_member = redeemed_in_window(context, cutoff, customers), column.to_numpy(zero_copy_only=False)
        yield PriceSensitiveSegment(
            str(test.origin), int(is_member.sum()), len(is_member),
            float(redeemed[is_member].mean()), float(redeemed[~is_member].mean()),
            float(redeemed[is_member].sum() / redeemed.sum()),
        )  # fmt: skip


def scores_by_signal(context: RunContext, cutoff: Cutoff) -> Iterator[tuple[str, dict[str, Floats], Floats]]:
    """Yield each signal, the scores of all customers from that signal alone, and who redeemed after the cutoff."""
    customers = _customers_with_orders(context.history, cutoff)
    redeemed = redeemed_in_window(context, cutoff, customers)
    for signal in SIGNALS:
        columns = preference_columns(*_with_single_signal(context.config, context.history, signal), cutoff, customers)
        yield signal, {name: columns[name].to_numpy() for name in (SHARE, ORDERS)}, redeemed


def redeemed_in_window(context: RunContext, cutoff: Cutoff, customers: pa.Array) -> Floats:
    """Return 1 for each customer with a redemption in the window that begins at the cutoff, (n,)."""
    events, source = _events(context)
    day = events.day_number
    window_events = events.filter(
        events.kind.isin(source.redemptions), day >= cutoff.day_number, day < cutoff.day_number + DAYS
    )
    redeemed = window_events.select("customer_id").distinct().to_pyarrow()["customer_id"]
    redeemed_flags: Floats = (
        pc.is_in(customers, value_set=redeemed.combine_chunks()).to_numpy(zero_copy_only=False).astype(float)
    )
    return redeemed_flags


def baseline_scores(context: RunContext, cutoff: Cutoff, customers: pa.Array) -> Mapping[str, Floats]:
    """Return simple counts known at the cutoff, (n,) each."""
    orders = Baskets.before(context.history, cutoff).orders
    paid = orders.group_by("customer_id").aggregate(
        share=(orders.discount > 0).cast("float64").mean(), total=orders.discount.sum().cast("float64")
    )
    events, source = _events(context)
    past = events.filter(events.kind.isin(source.redemptions), events.day_number < cutoff.day_number)
    counts = past.group_by("customer_id").aggregate(times=past.count())
    table = pd.DataFrame({"customer_id": customers.to_pylist()})
    for part in (paid, counts):
        table = table.merge(part.to_pandas(), on="customer_id", how="left")
    return {
        "share of orders with any discount": table["share"].fillna(0).to_numpy(float),
        "total discount": table["total"].fillna(0).to_numpy(float),
        "past redemptions": table["times"].fillna(0).to_numpy(float),
    }


def _test_customers(backtest_result: BacktestResult, test: Backtest) -> pa.Array:
    customer_ids = {number: name for name, number in backtest_result.data.customer_numbers.items()}
    return pa.array([customer_ids[number] for number in test.rows.customer.tolist()], pa.string())


def _our_scores(context: RunContext, cutoff: Cutoff, customers: pa.Array, test: Backtest) -> dict[str, Floats]:
    columns = preference_columns(context.config, context.history, cutoff, customers)
    share, forecast = columns[SHARE].to_numpy(), next(iter(test.forecasts.values()))
    expected = forecast.expected_orders[:, forecast.horizons.index(DAYS)]
    return {SHARE: share, ORDERS: columns[ORDERS].to_numpy(), EXPECTED: share * expected}


def _events(context: RunContext) -> tuple[ir.Table, EventsSource]:
    if context.history.events is None or context.config.events is None:
        raise ValueError(
            f"Found no events in the log {context.config.name}. Expected coupon redemptions: choose another log."
        )
    return context.history.events, context.config.events


def _customers_with_orders(history: History, cutoff: Cutoff) -> pa.Array:
    orders = Baskets.before(history, cutoff).orders
    return orders.select("customer_id").distinct().order_by("customer_id").to_pyarrow()["customer_id"].combine_chunks()


def _with_single_signal(config: ShopConfig, history: History, signal: str) -> tuple[ShopConfig, History]:
    """Return the config and history of a shop that logs only one of the signals."""
    if "redemption" not in signal and config.events is not None:
        config = config.model_copy(update={"events": config.events.model_copy(update={"redemptions": ()})})
    return config, history if "coupon" in signal else replace(history, lines=history.lines.drop("coupon"))
