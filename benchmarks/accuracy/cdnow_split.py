"""CDNOW at its split as training rows, and what protocol C finds there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.accuracy import cases
from benchmarks.accuracy.cdnow_published_sample import DAYS, END, SPLIT, Cohort, cohort, tenth
from benchmarks.accuracy.customer_cross_validation import SERVED, Answers, Folded, folded
from benchmarks.accuracy.interval_coverage import Covered, covered
from benchmarks.accuracy.paired_comparison import Line
from features.calendar import micros
from features.history import Cutoff
from features.online.arrow_rows import stored
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.transactions import transactions, transactions_view
from pipelines.run_context import Job
from training import metrics
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import fold
from training.model import Plan

PLAN = Plan(DAYS, (DAYS,), (DAYS,), has_amounts=True)
WEEKS = f"{SPLIT}, 39 weeks"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Some customers of CDNOW, answered fold by fold."""

    log: str
    rows: Rows
    people: Cohort
    found: Folded

    def lines(self) -> Iterator[Line]:
        """Every question beside both published models."""
        stage = cases.Stage(log=self.log, protocol="C", origin=WEEKS, anchors=self.found.anchors)
        later, rows = self.people, self.rows
        ranks = {"recency": rows.column("recency_days"), "frequency": -rows.column("orders")}
        stays = (later.later_orders == 0).astype(float)
        yield from cases.churn(stage, DAYS, self._ours("churn", "stays_away"), stays, ranks)
        mean, median = self._ours("ltv", "mean"), self._ours("ltv", "median")
        yield from cases.spend(stage, DAYS, mean, median, later.later_spend, {})
        yield from cases.orders(stage, DAYS, self._ours("ltv", "orders"), later.later_orders)

    def _ours(self, question: str, what: str) -> cases.Ours:
        alone = {name: getattr(said, what) for name, said in self.found.answers.items() if name != SERVED}
        return cases.Ours(self.found.rung(question), getattr(self.found.served, what), alone)

    def interval(self) -> Covered:
        """The served interval."""
        said, actual = self.found.served, self.people.later_spend
        recency = self.rows.column("recency_days")
        bounds, rung = (said.p10, said.median, said.p90), self.found.rung("ltv")
        return covered(log=self.log, protocol="C", where=WEEKS, rung=rung, said=bounds, actual=actual, recency=recency)

    def rungs(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Every rung by itself, and what was served."""
        for name, said in self.found.answers.items():
            yield name, self._measured(said)

    def _measured(self, said: Answers) -> dict[str, float]:
        people = self.people
        stays, spent, came = (people.later_orders == 0).astype(float), people.later_spend, people.later_orders
        return {
            "churn AUC": metrics.auc(said.stays_away, stays),
            "Brier": metrics.brier(said.stays_away, stays),
            "ECE": metrics.ece(said.stays_away, stays),
            "spend Gini": metrics.normalised_gini(said.mean, spent),
            "RMSE": metrics.rmse(said.mean, spent),
            "bias": metrics.bias(said.mean, spent),
            "median MAE": metrics.mae(said.median, spent),
            "coverage": metrics.coverage(said.p10, said.p90, spent),
            "orders RMSE": metrics.rmse(said.orders, came),
            "r": float(np.corrcoef(said.orders, came)[0, 1]),
        }


def windows(job: Job, say: Callable[[str], None]) -> Iterator[Window]:
    """The published tenth, then the whole log."""
    for log, chosen in (("cdnow 1/10", tenth()), ("cdnow full", None)):
        people = cohort(chosen)
        rows = _rows(job, people)
        yield Window(log=log, rows=rows, people=people, found=folded(rows, people.seen, PLAN, SPLIT, say))


def _rows(job: Job, people: Cohort) -> Rows:
    """The product's own inputs and outcomes of the cohort's customers at the split."""
    zone = job.description.zone
    cutoff, limit = Cutoff.of(SPLIT, zone), Cutoff.of(END, zone)
    table = transactions(job.history, [cutoff]).to_pyarrow().sort_by("customer_id")
    told = stored(table.append_column("features_at", table["event_timestamp"]), (transactions_view(job.history),))
    chosen = np.isin(np.array(told.customer_ids), people.customers)
    count = len(told.customer_ids)
    at, day = np.full(count, micros(cutoff.at)), np.full(count, cutoff.number)
    known = pd.DataFrame({"customer_id": pd.Series(people.customers, dtype="str"), "position": 0})
    return Rows(
        names=input_names(told.columns, tuple(told.lists)),
        inputs=model_inputs(told, at, day)[chosen],
        cutoff=day[chosen],
        customer=np.arange(len(known)),
        fold=fold(known["customer_id"]),
        outcomes=outcomes(known, [cutoff], job.history, limit, PLAN.observed),
        by_day=orders_by_day(job.history, limit),
    )
