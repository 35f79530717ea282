"""The scores table: its columns are a contract."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from features.arrays import Days, Floats
from features.online.feature_rows import FeatureRows
from serving.schemas.prediction_columns import STATUSES, WITHIN_DAYS, PredictionColumns
from training.inference.forecast import TIERS
from training.segments.column import ColumnSpec

_INSTANT, _AMOUNT, _DAY, _TEXT = pa.timestamp("us", tz="UTC"), pa.float64(), pa.date32(), pa.string()


def score_columns(horizons: Iterable[int]) -> tuple[ColumnSpec, ...]:
    """The columns of predictions in their order; ``horizons`` are ``ltv_days`` and ``churn_days``, ascending."""
    return (
        ColumnSpec("customer_id", _TEXT, "The customer's id, digit for digit as in the log."),
        ColumnSpec("as_of", _INSTANT, "The instant the predictions speak for."),
        ColumnSpec("status", _TEXT, "`scored`, or why the answer is weaker, as over HTTP."),
        ColumnSpec("model_tier", _TEXT, "The tier that answers: `ml`, `btyd`, `cohort` or `population`."),
        ColumnSpec("release", _TEXT, "The version of the release that scored."),
        ColumnSpec("churn_probability", _AMOUNT, "Probability of no order within `churn_horizon_days`."),
        ColumnSpec("churn_percentile", _AMOUNT, "Mid-rank of that probability in the population, 0 to 100."),
        ColumnSpec("churn_horizon_days", pa.int32(), "The churn horizon in days."),
        *(
            ColumnSpec(f"purchase_probability_{days}d", _AMOUNT, f"Probability of an order within {days} days.")
            for days in WITHIN_DAYS
        ),
        *(
            ColumnSpec(
                f"next_purchase_p{share}", _DAY, f"The day by which the next order comes with {share} % probability."
            )
            for share in (10, 50, 90)
        ),
        ColumnSpec("remind_on", _DAY, "The day to remind the customer on, `lead_days` before `next_purchase_p50`."),
        *(column for days in horizons for column in _horizon_columns(days)),
        ColumnSpec("historic_spend", _AMOUNT, "Net amount spent so far, returns taken off."),
        ColumnSpec("orders", pa.int64(), "Orders so far."),
        ColumnSpec("first_order_at", _INSTANT, "Time of the first order."),
        ColumnSpec("last_order_at", _INSTANT, "Time of the last order."),
        ColumnSpec("next_category", _TEXT, "The category with the soonest reminder."),
        ColumnSpec("next_category_remind_on", _DAY, "The day of that reminder."),
    )


def _horizon_columns(days: int) -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec(f"expected_orders_{days}d", _AMOUNT, f"Expected number of orders within {days} days."),
        ColumnSpec(f"ltv_{days}d_mean", _AMOUNT, f"Expected spend within {days} days; null without amounts."),
        ColumnSpec(f"ltv_{days}d_median", _AMOUNT, f"Median of the spend within {days} days."),
        ColumnSpec(f"ltv_{days}d_p10", _AMOUNT, f"Lower end of the 80 % interval of the spend within {days} days."),
        ColumnSpec(f"ltv_{days}d_p90", _AMOUNT, f"Upper end of the 80 % interval of the spend within {days} days."),
    )


def scores_table(answers: PredictionColumns, feature_rows: FeatureRows) -> pa.Table:
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
    columns |= _next_purchase_columns(answers)
    columns |= _ltv_columns(answers)
    columns["historic_spend"] = _number(answers.ltv.historic)
    columns["orders"] = pa.array(np.nan_to_num(feature_rows.column("orders")).astype(np.int64))
    for name in ("first_order_at", "last_order_at"):
        columns[name] = _number(feature_rows.column(name)).cast(pa.int64()).cast(_INSTANT)
    columns |= _next_category_columns(answers)
    return pa.table(columns, schema=pa.schema([(one.name, one.type) for one in score_columns(_horizons(answers))]))


def _horizons(answers: PredictionColumns) -> list[int]:
    return sorted({*answers.ltv.business_days, answers.churn.horizon_days})


def _next_purchase_columns(answers: PredictionColumns) -> dict[str, pa.Array]:
    said = answers.next_purchase
    within = {
        f"purchase_probability_{days}d": _number(said.probability_within[:, place])
        for place, days in enumerate(WITHIN_DAYS)
    }
    days = {"next_purchase_p10": said.p10, "next_purchase_p50": said.p50, "next_purchase_p90": said.p90}
    return within | {name: _date(day) for name, day in {**days, "remind_on": said.remind_on}.items()}


def _ltv_columns(answers: PredictionColumns) -> dict[str, pa.Array]:
    said, columns = answers.ltv, {}
    for days in _horizons(answers):
        place = said.horizons.index(days)
        columns[f"expected_orders_{days}d"] = _number(said.expected_orders[:, place])
        for name in ("mean", "median", "p10", "p90"):
            amount = None if said.spend is None else getattr(said.spend, name)[:, place]
            columns[f"ltv_{days}d_{name}"] = pa.nulls(len(answers), pa.float64()) if amount is None else _number(amount)
    return columns


def _next_category_columns(answers: PredictionColumns) -> dict[str, pa.Array]:
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
