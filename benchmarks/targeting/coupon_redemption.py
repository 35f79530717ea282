"""Who redeems a coupon next? Price sensitivity before an origin, beside simple counts, against what then happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.accuracy.paired_comparison import Case, Line, Measure, lines
from features.aggregates.baskets import Baskets
from features.arrays import Floats
from features.config.shop import Description
from features.config.sources import Events
from features.history import Cutoff, History
from pipelines.run_context import Job
from pipelines.scoring.preference_columns import habit_columns
from pipelines.steps.evaluate import Tested
from training import metrics
from training.evaluation.backtest import Backtest

DAYS = 91
TENTH = 10
SHARE, ORDERS, EXPECTED = "price_sensitivity", "discounted_orders_91d", "price_sensitivity x expected orders"
SIGNALS = ("coupon or redemption", "coupon", "redemption", "any discount")


def first_tenth(score: Floats, actual: Floats) -> float:
    """The share of the best tenth by a score who did it; of equals at its border each has the same chance to be in."""
    room = len(score) // TENTH
    border = np.partition(score, -room)[-room]
    above, level = score > border, score == border
    return float((actual[above].sum() + actual[level].mean() * (room - above.sum())) / room)


MEASURES = (
    Measure("AUC", metrics.auc, higher_is_better=True),
    Measure("precision of the first tenth", first_tenth, higher_is_better=True),
)


def redeemers(log: str, job: Job, tested: Tested) -> Iterator[Line]:
    """At every origin of the back-test, of those who had ordered by then."""
    for test in tested.tests:
        who, cutoff = _asked(tested, test), Cutoff.of(test.origin, job.description.zone)
        came, simple = outcome(job, cutoff, who), baselines(job, cutoff, who)
        for name, score in _ours(job, cutoff, who, test).items():
            case = Case(
                log=log, protocol="T", origin=str(test.origin), question=f"redeems within {DAYS} d", rung=name,
                ours=score, alone={}, actual=came, others=simple,
            )  # fmt: skip
            yield from lines(case, MEASURES)


@dataclass(frozen=True)
class Crowd:
    """Who was called price-sensitive at an origin, and what shares then redeemed."""

    origin: str
    members: int
    customers: int
    redeem: float  # of the members
    others: float  # of all others
    found: float  # of those who redeem, who are members


def crowds(job: Job, tested: Tested) -> Iterator[Crowd]:
    """At every origin of the back-test."""
    for test in tested.tests:
        who, cutoff = _asked(tested, test), Cutoff.of(test.origin, job.description.zone)
        column = habit_columns(job.description, job.history, cutoff, who)["crowd_price_sensitive"]
        came, mine = outcome(job, cutoff, who), column.to_numpy(zero_copy_only=False)
        yield Crowd(
            str(test.origin), int(mine.sum()), len(mine), float(came[mine].mean()), float(came[~mine].mean()),
            float(came[mine].sum() / came.sum()),
        )  # fmt: skip


def by_signal(job: Job, cutoff: Cutoff) -> Iterator[tuple[str, dict[str, Floats], Floats]]:
    """What each signal alone would make of everybody known at an origin, and who then redeemed."""
    who = _ordered(job.history, cutoff)
    came = outcome(job, cutoff, who)
    for signal in SIGNALS:
        found = habit_columns(*_told_by(job.description, job.history, signal), cutoff, who)
        yield signal, {name: found[name].to_numpy() for name in (SHARE, ORDERS)}, came


def outcome(job: Job, cutoff: Cutoff, who: pa.Array) -> Floats:
    """1 for who has a redemption within the window that begins at the cutoff, (n,)."""
    events, said = _events(job)
    day = events.day_number
    later = events.filter(events.kind.isin(said.redemptions), day >= cutoff.number, day < cutoff.number + DAYS)
    redeemed = later.select("customer_id").distinct().to_pyarrow()["customer_id"]
    came: Floats = pc.is_in(who, value_set=redeemed.combine_chunks()).to_numpy(zero_copy_only=False).astype(float)
    return came


def baselines(job: Job, cutoff: Cutoff, who: pa.Array) -> Mapping[str, Floats]:
    """Simple counts known at the cutoff, (n,) each."""
    orders = Baskets.before(job.history, cutoff).orders
    paid = orders.group_by("customer_id").aggregate(
        share=(orders.discount > 0).cast("float64").mean(), total=orders.discount.sum().cast("float64")
    )
    events, said = _events(job)
    past = events.filter(events.kind.isin(said.redemptions), events.day_number < cutoff.number)
    counts = past.group_by("customer_id").aggregate(times=past.count())
    found = pd.DataFrame({"customer_id": who.to_pylist()})
    for one in (paid, counts):
        found = found.merge(one.to_pandas(), on="customer_id", how="left")
    return {
        "share of orders with any discount": found["share"].fillna(0).to_numpy(float),
        "total discount": found["total"].fillna(0).to_numpy(float),
        "past redemptions": found["times"].fillna(0).to_numpy(float),
    }


def _asked(tested: Tested, test: Backtest) -> pa.Array:
    customer = {number: name for name, number in tested.data.numbers.items()}
    return pa.array([customer[one] for one in test.test.customer.tolist()], pa.string())


def _ours(job: Job, cutoff: Cutoff, who: pa.Array, test: Backtest) -> dict[str, Floats]:
    found = habit_columns(job.description, job.history, cutoff, who)
    share, forecast = found[SHARE].to_numpy(), next(iter(test.forecasts.values()))
    expected = forecast.expected_orders[:, forecast.horizons.index(DAYS)]
    return {SHARE: share, ORDERS: found[ORDERS].to_numpy(), EXPECTED: share * expected}


def _events(job: Job) -> tuple[ir.Table, Events]:
    if job.history.events is None or job.description.events is None:
        raise ValueError(f"Who redeems is asked of a log without events: {job.description.name}. Choose another log.")
    return job.history.events, job.description.events


def _ordered(history: History, cutoff: Cutoff) -> pa.Array:
    orders = Baskets.before(history, cutoff).orders
    return orders.select("customer_id").distinct().order_by("customer_id").to_pyarrow()["customer_id"].combine_chunks()


def _told_by(said: Description, history: History, signal: str) -> tuple[Description, History]:
    """The shop, had it logged but one of the signals."""
    if "redemption" not in signal and said.events is not None:
        said = said.model_copy(update={"events": said.events.model_copy(update={"redemptions": ()})})
    return said, history if "coupon" in signal else replace(history, lines=history.lines.drop("coupon"))
