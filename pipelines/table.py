"""The scores table: its columns are a contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.arrays import Days, Floats
from features.stored import Stored
from serving.answers import STATUSES, WITHIN_DAYS, Answers
from training.predict.forecast import TIERS

_INSTANT = pa.timestamp("us", tz="UTC")


def scores_table(answers: Answers, stored: Stored) -> pa.Table:
    """One row per customer, in the order scored."""
    n = len(answers)
    columns: dict[str, pa.Array] = {
        "customer_id": pa.array(list(answers.customer_ids), pa.string()),
        "as_of": pa.array(np.full(n, answers.as_of)).cast(_INSTANT),
        "status": pa.array([STATUSES[code] for code in answers.status]),
        "model_tier": pa.array([TIERS[code] if code >= 0 else None for code in answers.tier], pa.string()),
        "release": pa.array([answers.release] * n),
        "churn_probability": _number(answers.churn.probability),
        "churn_percentile": _number(answers.churn.percentile),
        "churn_horizon_days": pa.array(np.full(n, answers.churn.horizon_days, dtype=np.int32)),
    }
    columns |= _timing(answers)
    columns |= _value(answers)
    columns["historic_spend"] = _number(answers.ltv.historic)
    columns["orders"] = pa.array(np.nan_to_num(stored.column("orders")).astype(np.int64))
    for name in ("first_order_at", "last_order_at"):
        columns[name] = _number(stored.column(name)).cast(pa.int64()).cast(_INSTANT)
    return pa.table(columns | _next_category(answers))


def _timing(answers: Answers) -> dict[str, pa.Array]:
    said = answers.next_purchase
    within = {
        f"purchase_probability_{days}d": _number(said.probability_within[:, place])
        for place, days in enumerate(WITHIN_DAYS)
    }
    days = {"next_purchase_p10": said.p10, "next_purchase_p50": said.p50, "next_purchase_p90": said.p90}
    return within | {name: _date(day) for name, day in {**days, "remind_on": said.remind_on}.items()}


def _value(answers: Answers) -> dict[str, pa.Array]:
    said, columns = answers.ltv, {}
    for days in sorted({*said.business_days, answers.churn.horizon_days}):
        place = said.horizons.index(days)
        columns[f"expected_orders_{days}d"] = _number(said.expected_orders[:, place])
        for name in ("mean", "median", "p10", "p90"):
            amount = None if said.spend is None else getattr(said.spend, name)[:, place]
            columns[f"ltv_{days}d_{name}"] = pa.nulls(len(answers), pa.float64()) if amount is None else _number(amount)
    return columns


def _next_category(answers: Answers) -> dict[str, pa.Array]:
    """The category of the soonest reminder; null where there is no reminder."""
    names: list[str | None] = [None] * len(answers)
    days = np.full(len(answers), np.datetime64("NaT", "D"))
    said = answers.next_purchase.by_category
    if said is not None:
        begins, ends = said.offsets[:-1], said.offsets[1:]
        for row in np.flatnonzero(begins < ends):
            first = begins[row]
            if not np.isnat(said.remind_on[first]):
                names[row], days[row] = said.category[first], said.remind_on[first]
    return {"next_category": pa.array(names, pa.string()), "next_category_remind_on": _date(days)}


def _number(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _date(days: Days) -> pa.Array:
    return pa.array(days.astype("datetime64[D]"), pa.date32())
