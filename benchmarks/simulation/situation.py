"""Situation: a simulated shop with a known future, the day to forecast from, and what the log shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from features.config.shop import ShopConfig, read_shop_config

FIRST_DAY = date(2021, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One simulated log, cut at a day; the orders of the horizon after it are the outcomes."""

    name: str
    cut_day: int  # days since FIRST_DAY
    horizon: int  # days
    meaning: str  # what the log shows, in one sentence
    draw: Callable[[Generator], pd.DataFrame]  # all orders, the later ones included: customer, day, perhaps amount
    seed: int = 7
    accept: tuple[str, ...] = ()  # blocking plausibility notes that the shop knows

    @property
    def as_of(self) -> date:
        """The day to forecast from."""
        return FIRST_DAY + timedelta(days=self.cut_day)

    def lines(self) -> pd.DataFrame:
        """Draw the order lines: customer_id, ordered_at (a day), and amount if the shop records it."""
        orders = self.draw(np.random.default_rng(self.seed))
        lines = pd.DataFrame({
            "customer_id": "c" + orders["customer"].astype(str).str.zfill(5),
            "ordered_at": np.datetime64(FIRST_DAY) + np.floor(orders["day"].to_numpy()).astype("timedelta64[D]"),
        })  # fmt: skip
        lines = lines.assign(amount=orders["amount"].round(2)) if "amount" in orders else lines
        return lines.sort_values("ordered_at", kind="stable", ignore_index=True)

    def write_log(self, lines: pd.DataFrame, folder: Path) -> ShopConfig:
        """Write the lines before the cut and a configuration as somebody who follows the README would write it."""
        known = lines[lines["ordered_at"] < np.datetime64(self.as_of)]
        days = known["ordered_at"].to_numpy().astype("datetime64[D]").astype(str)
        known.assign(ordered_at=days).to_csv(folder / "log.csv", index=False)
        amount = 'amount = "amount"\n' if "amount" in lines else ""
        (folder / "flywheel.toml").write_text(
            f'name = "{self.name}"\ncurrency = "EUR"\ntimezone = "UTC"\naccept = {list(self.accept)}\n\n'
            '[orders]\npath = "log.csv"\n'
            f'customer_id = "customer_id"\nordered_at = "ordered_at"\n{amount}\n'
            f"[business]\nchurn_days = {self.horizon}\nltv_days = [{self.horizon}]\nlead_days = 15\n"
        )
        return read_shop_config(folder / "flywheel.toml")
