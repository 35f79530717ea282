"""Treated label windows: they are left out where hold-outs exist, and retraining then keeps saving customers."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from features.arrays import Floats
from features.history import Cutoff
from tests.training.monitoring.campaign_world import simulate_month, treat
from training.dataset.treated_windows import leave_out_treated
from training.monitoring.treatments import COLUMNS, Treatments

ZONE = ZoneInfo("Europe/Amsterdam")
FIRST = date(2024, 3, 1)
DAY_US = 86_400_000_000
CUSTOMERS, EFFECT, MONTHS = 20_000, 0.5, 5


def cutoffs(count: int) -> list[Cutoff]:
    return [Cutoff.from_day(FIRST + timedelta(days=30 * number), ZONE) for number in range(count)]


def population(count: int, *customers: str) -> pd.DataFrame:
    pairs = [(customer, position) for position in range(count) for customer in customers]
    return pd.DataFrame(pairs, columns=["customer_id", "position"])


def touches_of(*rows: tuple[str, int, bool]) -> Treatments:
    """Touches from (customer, days after the first cutoff, treated), of one campaign with a hold-out of a tenth."""
    start = cutoffs(1)[0].timestamp.timestamp() * 1e6
    values = [("mail", customer, int(start) + day * DAY_US, treated, 0.1) for customer, day, treated in rows]
    return Treatments(pd.DataFrame(values, columns=list(COLUMNS)))


def test_only_windows_with_a_treatment_are_left_out_and_today_stays() -> None:
    treatments = touches_of(("ann", 10, True), ("bob", 10, False), ("ann", 70, True))
    rows, counts = leave_out_treated(population(3, "ann", "bob"), cutoffs(3), treatments, (30,), ZONE)
    assert list(rows.itertuples(index=False, name=None)) == [("bob", 0), ("ann", 1), ("bob", 1), ("ann", 2), ("bob", 2)]
    assert counts.to_json() == {"windows": 4, "treated": 1, "left_out": 1, "days": 30}
    assert counts.sentence().startswith(
        "1 of 4 label windows of 30 days saw a treatment; training and tests leave them out"
    )


def test_without_a_holdout_nothing_is_left_out_and_it_is_said() -> None:
    rows, counts = leave_out_treated(population(2, "ann"), cutoffs(2), touches_of(("ann", 10, True)), (30,), ZONE)
    assert len(rows) == 2
    assert counts.sentence() == (
        "1 of 1 label windows of 30 days saw a treatment; nobody was held out at random, so that training learns from "
        "them too."
    )


def test_a_window_ends_at_local_midnight_when_the_clocks_change() -> None:
    # 30 local days from 1 March are 30 days less an hour, as summer time begins on 31 March after 30 of them plus one.
    treatments = touches_of(("ann", 59, True), ("bob", 5, False))
    last_hour = treatments.rows.assign(at_us=treatments.rows["at_us"] + 23 * 3_600_000_000)
    rows, _ = leave_out_treated(population(2, "ann"), cutoffs(2), Treatments(last_hour), (60,), ZONE)
    assert len(rows) == 2, "the treatment was in the first hour after the window"
    hour_before = Treatments(last_hour.assign(at_us=last_hour["at_us"] - 3_600_000_000))
    rows, _ = leave_out_treated(population(2, "ann"), cutoffs(2), hour_before, (60,), ZONE)
    assert len(rows) == 1, "the treatment was in the last hour of the window"


def saved_customers(*, leaves_out: bool) -> Floats:
    """Customers that the campaign saved in each month, with a model that is retrained on the month before."""
    rng = np.random.default_rng(1)
    ids = pd.Series([f"c{number}" for number in range(CUSTOMERS)])
    days, saved = cutoffs(2), []
    treatments = Treatments.none()
    inputs = rng.normal(size=(CUSTOMERS, 3))
    truth = 1 / (1 + np.exp(0.6 - inputs @ np.array([1.0, 0.6, 0.4])))
    churned = simulate_month(rng, CUSTOMERS, np.zeros(CUSTOMERS, bool), truth, 0.0)
    for _ in range(MONTHS):
        rows = pd.DataFrame({"customer_id": ids, "position": 0})
        if leaves_out:
            rows, _ = leave_out_treated(rows, days, treatments, (30,), ZONE)
        learned = rows["customer_id"].str[1:].astype(int).to_numpy()
        model = LogisticRegression().fit(inputs[learned], churned[learned])
        inputs = rng.normal(size=(CUSTOMERS, 3))
        truth = 1 / (1 + np.exp(0.6 - inputs @ np.array([1.0, 0.6, 0.4])))
        state = treat(rng, model.predict_proba(inputs)[:, 1] >= 0.4)
        churned = simulate_month(rng, CUSTOMERS, state.treated, truth, EFFECT)
        saved.append(float((truth * EFFECT)[state.treated].sum()))
        drawn = state.treated | (state.untreated_probability < 1)
        at_us = int(days[0].timestamp.timestamp() * 1e6) + DAY_US
        table = pd.DataFrame({"source": "mail", "customer_id": ids, "at_us": at_us, "treated": state.treated})
        treatments = Treatments(table.assign(untreated_probability=state.untreated_probability)[drawn])
    return np.array(saved)


def test_five_retrainings_save_as_many_customers_as_the_first() -> None:
    saved = saved_customers(leaves_out=True)
    assert saved.min() >= 0.9 * saved[0] > 0, saved


def test_retraining_on_the_treated_forgets_whom_to_target() -> None:
    saved = saved_customers(leaves_out=False)
    assert saved[1] < 0.7 * saved[0], saved


@pytest.mark.parametrize("days", [7, 30])
def test_no_treatments_leave_the_population_as_it_is(days: int) -> None:
    given = population(3, "ann", "bob")
    rows, counts = leave_out_treated(given, cutoffs(3), Treatments.none(), (days,), ZONE)
    assert rows.equals(given)
    assert counts.sentence() == ""


def test_shorter_windows_are_left_out_where_the_longest_would_leave_too_few() -> None:
    treatments = touches_of(("ann", 50, True), ("bob", 50, True), ("cem", 50, False))
    rows, counts = leave_out_treated(population(2, "ann", "bob"), cutoffs(2), treatments, (30, 90), ZONE)
    assert (len(rows), counts.days) == (4, 30)
