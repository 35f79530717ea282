"""Expected features: a slow reference implementation in pandas, for one customer at one cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from features.history import Cutoff
from tests.logs import utc_instant

WINDOWS = (56, 91, 182, 365)
DISTINCT = {"product_id": "products", "category": "categories", "store_id": "stores", "channel": "channels"}


def frame(columns: Sequence[str], rows: Sequence[Sequence[object]], zone: str) -> pd.DataFrame:
    """Order lines with their instant, local day, time of becoming known, and order id."""
    log = pd.DataFrame(rows, columns=list(columns), dtype=object)
    log["at"] = pd.to_datetime([utc_instant(str(time), zone) for time in log["ordered_at"]], utc=True)
    log["day"] = pd.to_datetime(log["at"].dt.tz_convert(zone).dt.date)
    log["known"] = log["at"]
    if "recorded_at" in log:
        recorded = pd.to_datetime([time and utc_instant(str(time), zone) for time in log["recorded_at"]], utc=True)
        log["known"] = np.maximum(log["at"], pd.Series(recorded).fillna(log["at"]))
    by_day = "day " + log["day"].astype(str)
    log["order"] = log["order_id"].where(log["order_id"].notna(), by_day) if "order_id" in log else by_day
    return log


def transactions_truth(log: pd.DataFrame, customer: str, cutoff: Cutoff) -> dict[str, object]:
    """Every column of the view ``transactions`` for one customer at one cutoff."""
    lines = log[(log["customer_id"] == customer) & (log["known"] < pd.Timestamp(cutoff.timestamp))]
    age = (pd.Timestamp(cutoff.day) - lines["day"]).dt.days
    orders = _orders(lines)
    order_age = (pd.Timestamp(cutoff.day) - orders["day"]).dt.days
    columns: dict[str, object] = {
        "orders": float(len(orders)),
        "first_order_at": _micros(orders["at"].min()),
        "last_order_at": _micros(orders["at"].max()),
        **{f"orders_{days}d": float((order_age <= days).sum()) for days in WINDOWS},
        **_gap_columns(sorted(set(orders["day"]))),
        "lines_per_order": len(lines) / len(orders) if len(orders) else None,
    }
    if "amount" in log:
        amount = lines["amount"].astype(float)
        columns |= {
            "spend": amount.sum(),
            **{f"spend_{days}d": amount[age <= days].sum() for days in WINDOWS},
            "mean_order": orders["amount"].mean() if len(orders) else None,
            "max_order": orders["amount"].max() if len(orders) else None,
            "returned": -amount[amount < 0].sum(),
        }
    columns |= {name: lines[name].dropna().astype(float).sum() for name in ("quantity", "discount") if name in log}
    columns |= {name: float(lines[source].nunique()) for source, name in DISTINCT.items() if source in log}
    return columns | _recent_columns(lines[age <= 28], orders)


def is_placed(lines: pd.DataFrame) -> bool:
    """Whether the lines of an order sum to more than 0, or are all 0."""
    if "amount" not in lines:
        return True
    amounts = lines["amount"].astype(float)
    return bool(round(amounts.sum(), 4) > 0 or (amounts == 0).all())


def _orders(lines: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, order_lines in lines.groupby("order"):
        amount = order_lines["amount"].astype(float).sum() if "amount" in order_lines else np.nan
        if is_placed(order_lines):
            rows.append((order_lines["at"].min(), order_lines["day"].min(), amount))
    empty = pd.DataFrame({"at": lines["at"][:0], "day": lines["day"][:0], "amount": pd.Series(dtype=float)})
    return pd.DataFrame(rows, columns=["at", "day", "amount"]) if rows else empty


def _gap_columns(days: list[pd.Timestamp]) -> dict[str, object]:
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return {
        "order_days": float(len(days)),
        "mean_gap_days": np.mean(gaps) if gaps else None,
        "median_gap_days": np.median(gaps) if gaps else None,
        "p90_gap_days": np.quantile(gaps, 0.9) if gaps else None,
        "std_gap_days": np.std(gaps, ddof=1) if len(gaps) > 1 else None,
        "last_gap_days": float(gaps[-1]) if gaps else None,
    }


def _recent_columns(lines: pd.DataFrame, orders: pd.DataFrame) -> dict[str, object]:
    days = sorted(set(lines["day"]))
    columns: dict[str, object] = {
        "recent_days": [(day - pd.Timestamp("1970-01-01")).days for day in days] or None,
        "recent_orders": [float((orders["day"] == day).sum()) for day in days] or None,
    }
    if "amount" in lines:
        columns["recent_spend"] = [lines.loc[lines["day"] == day, "amount"].astype(float).sum() for day in days] or None
    return columns


def _micros(instant: pd.Timestamp) -> int | None:
    return None if pd.isna(instant) else int(instant.value // 1000)


def known_customers(log: pd.DataFrame, events: Sequence[tuple[str, str, str]], cutoff: Cutoff, zone: str) -> set[str]:
    """The customers with a line or an event before the cutoff."""
    active = {customer for customer, time, _ in events if utc_instant(time, zone) < cutoff.timestamp}
    return active | set(log.loc[log["known"] < pd.Timestamp(cutoff.timestamp), "customer_id"])
