"""Log reader: the attribution log of a period, from the history and the experiments of a home (pyarrow alone)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Floats, Integers
from features.placed_orders import placed_orders
from features.views import CUSTOMER_ID
from training.attribution.credits.conversion_paths import LOOKBACK_DAYS
from training.attribution.hazard.order_rates import RATE_DAYS
from training.attribution.log.experiment_decisions import DECISION_ID, decision_ids, empty_decisions, read_decisions
from training.attribution.log.history_tables import (
    AT_COLUMN,
    DAY_COLUMN,
    Words,
    count_days,
    day_range,
    floats,
    integers,
    read_days,
    text_or,
)
from training.attribution.log.served_predictions import served_rates
from training.attribution.period import Period
from training.attribution.rows import AttributionLog, DecisionRows, OrderRows, TouchRows

UNKNOWN_CHANNEL = "unknown"
_TOUCH_COLUMNS = ("channel", "campaign_id", "treated", "probability", "cost", DECISION_ID)
_EMPTY_ROWS = pa.schema([(CUSTOMER_ID, pa.string()), (AT_COLUMN, pa.int64()), (DAY_COLUMN, pa.int32())])

AllowedIds = Callable[[Sequence[str]], Sequence[str]]  # those of the ids whose data may be analysed


@dataclass(frozen=True)
class _Tables:
    """The tables of a period, without the customers who are left out."""

    touches: pa.Table
    orders: pa.Table
    decisions: pa.Table

    def map_tables(self, change: Callable[[pa.Table], pa.Table]) -> _Tables:
        return _Tables(change(self.touches), change(self.orders), change(self.decisions))


def read_attribution_log(home: Path, period: Period, zone: ZoneInfo, allowed_ids: AllowedIds) -> AttributionLog:
    """The log of a period: orders from a year before it, touches from 30 days before it, and decisions within it.

    Args:
        home: the folder with ``history`` and ``experiments``.
        period: whose conversions are attributed.
        zone: of the shop.
        allowed_ids: selects the customers whose data may be analysed.
    """
    tables = _read_tables(home, period, zone)
    customers = Words.of(*(table[CUSTOMER_ID] for table in (tables.touches, tables.orders, tables.decisions)))
    allowed = Words(tuple(sorted(allowed_ids(customers.words))))
    if allowed != customers:
        ids = pa.array(allowed.words, pa.string())
        tables = tables.map_tables(lambda table: table.filter(pc.is_in(table[CUSTOMER_ID], value_set=ids)))
        customers = allowed
    return _to_log(tables, customers, home, served_rates(home, period, customers))


def count_rows(home: Path, period: Period) -> int:
    """The number of order lines and touches that the log of a period is read from."""
    orders, touches = (home / "history" / f"{name}.parquet" for name in ("orders", "touches"))
    return count_days(orders, _first_order_day(period), period.end_day) + count_days(
        touches, period.first_day - LOOKBACK_DAYS, period.end_day
    )


def _first_order_day(period: Period) -> int:
    return period.first_day - RATE_DAYS - LOOKBACK_DAYS


def _read_tables(home: Path, period: Period, zone: ZoneInfo) -> _Tables:
    history = home / "history"
    orders = read_days(history / "orders.parquet", ("order_id", "amount"), _first_order_day(period), period.end_day)
    touches = read_days(history / "touches.parquet", _TOUCH_COLUMNS, period.first_day - LOOKBACK_DAYS, period.end_day)
    return _Tables(
        _EMPTY_ROWS.empty_table() if touches is None else touches,
        _EMPTY_ROWS.empty_table() if orders is None else placed_orders(orders),
        read_decisions(home, period, zone),
    )


def _to_log(tables: _Tables, customers: Words, home: Path, served_rate: Floats) -> AttributionLog:
    touches, orders, decisions = tables.touches, tables.orders, tables.decisions
    channel = text_or(touches, "channel", UNKNOWN_CHANNEL)
    campaign = text_or(touches, "campaign_id", "")
    channels = Words.of(channel, decisions["channel"])
    campaigns = Words.of(campaign, decisions["experiment_id"])
    ranges = [day_range(home / "history" / f"{name}.parquet") for name in ("orders", "touches")]
    known = [each for each in ranges if each is not None]
    return AttributionLog(
        customers=len(customers.words),
        channels=channels.words,
        campaigns=campaigns.words,
        touches=_touch_rows(
            touches, customers, channels.positions(channel), campaigns.positions(campaign), decision_ids(home)
        ),
        orders=OrderRows(
            customer=customers.positions(orders[CUSTOMER_ID]),
            at=integers(orders[AT_COLUMN]),
            day=integers(orders[DAY_COLUMN]),
        ).sort(),
        decisions=_decision_rows(decisions, customers, channels, campaigns),
        first_day=ranges[0][0] if ranges[0] is not None else 0,
        last_day=max((last for _, last in known), default=0),
        served_rate=served_rate,
    )


def _touch_rows(
    touches: pa.Table, customers: Words, channel: Integers, campaign: Integers, decided: pa.Array
) -> TouchRows:
    size, names = touches.num_rows, touches.column_names
    treated = pc.fill_null(touches["treated"], True).to_numpy() if "treated" in names else np.ones(size)  # noqa: FBT003
    in_experiment = np.zeros(size, np.bool_)
    if DECISION_ID in names:
        in_experiment = pc.is_in(touches[DECISION_ID], value_set=decided).to_numpy()
    return TouchRows(
        customer=customers.positions(touches[CUSTOMER_ID]),
        at=integers(touches[AT_COLUMN]),
        day=integers(touches[DAY_COLUMN]),
        channel=channel,
        campaign=campaign,
        treated=treated.astype(np.bool_),
        probability=floats(touches["probability"]) if "probability" in names else np.full(size, np.nan),
        cost=np.nan_to_num(floats(touches["cost"])) if "cost" in names else np.zeros(size),
        in_experiment=in_experiment,
    ).sort()


def _decision_rows(decisions: pa.Table, customers: Words, channels: Words, campaigns: Words) -> DecisionRows:
    if not decisions.num_rows:
        return empty_decisions()
    return DecisionRows(
        customer=customers.positions(decisions[CUSTOMER_ID]),
        at=integers(decisions[AT_COLUMN]),
        day=integers(decisions[DAY_COLUMN]),
        channel=channels.positions(decisions["channel"]),
        campaign=campaigns.positions(decisions["experiment_id"]),
        treated=decisions["treated"].to_numpy().astype(np.bool_),
        probability=floats(decisions["probability"]),
        window_days=integers(decisions["window_days"]),
    ).sort()
