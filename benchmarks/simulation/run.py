"""Simulation benchmark: runs the whole pipeline on simulated shops, whose future is known, and judges the forecasts."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.accuracy.coherence_checks import coverage, incoherences
from benchmarks.accuracy.realised_outcomes import HorizonValues, SplitLog
from benchmarks.simulation.judging import HorizonComparison, Ranking, Total
from benchmarks.simulation.report import render_page
from benchmarks.simulation.shops import SHOPS, ForecastCase, SimulatedShop
from features.arrays import Floats
from features.config.shop import read_shop_config
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.home import Home
from pipelines.steps import run
from training.inference.release_manifest import ReleaseManifest

LTV_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class SimulationResults:
    """All totals, rankings and notes of one run."""

    totals: list[Total] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def main() -> None:
    """Measure the requested shops."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation.run", description=__doc__)
    parser.add_argument("--shop", action="append", choices=SHOPS, help="only this shop; may be repeated")
    parser.add_argument("--draws", type=int, default=1, help="number of simulated logs of each shop")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the rows to this file as JSON")
    arguments = parser.parse_args()
    capture_warnings()
    results, console = SimulationResults(), CommandConsole(json_output=False)
    for name in arguments.shop or SHOPS:
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.draws):
            shop = SHOPS[name](np.random.default_rng(seed))
            for case in shop.cases:
                measure_shop(shop, case, shop.name if seed == 1 else f"{shop.name}#{seed}", results)
                console.report(results.notes[-1])
    print("\n".join(render_page(results.totals, results.rankings, results.notes)))  # noqa: T201 -- the tables are the result
    if arguments.json:
        rows = [{**vars(total), "verdict": total.verdict} for total in results.totals]
        rows += [{**vars(ranking), "verdict": ranking.verdict} for ranking in results.rankings]
        arguments.json.write_text(json.dumps({"rows": rows, "notes": results.notes}))


def measure_shop(shop: SimulatedShop, case: ForecastCase, label: str, results: SimulationResults) -> None:
    """Measure one shop from one day on; a crash is recorded, and the other shops continue."""
    log_lines = shop.table(case)
    with tempfile.TemporaryDirectory(prefix="flywheel-simulation-") as scratch:
        started_at = time.perf_counter()
        try:
            home = _run_pipeline(shop, case, log_lines, Path(scratch))
        except Exception:  # noqa: BLE001 -- every crash is a result
            results.notes.append(f"{label} {case.as_of}: CRASH {traceback.format_exc(limit=-3)}")
            return
        seconds = time.perf_counter() - started_at
        scores = pd.read_parquet(home.scores)
        manifest = ReleaseManifest.read(home.releases / str(home.champion()))
    scores = scores[scores["orders"] >= 1].reset_index(drop=True)
    judge_scores(
        shop,
        SplitLog(log_lines, case.as_of, scores["customer_id"].tolist()),
        label,
        scores,
        manifest.tiered_model,
        results,
    )
    tiers = ", ".join(f"{name} {tier}" for name, tier in manifest.tiers.items())
    results.notes.append(f"{label} {case.as_of}: {seconds:.0f} s, {len(scores)} customers, {tiers}")


def judge_scores(
    shop: SimulatedShop,
    log: SplitLog,
    label: str,
    scores: pd.DataFrame,
    tiered_model: Mapping[str, Any],
    results: SimulationResults,
) -> None:
    """Compare the scores with the outcomes of every window that was simulated to its end."""
    horizons = [days for days in sorted({*LTV_DAYS, 60, shop.churn_days}) if log.horizon_is_known(days, shop.until)]
    btyd, simple = log.btyd_forecasts(horizons), log.simple_scores()
    for days in horizons:
        forecast, actual = _our_values(scores, days, shop), log.outcomes_between(0, days)
        comparison = HorizonComparison(
            label, str(log.as_of), days, tiered_model["tier_by_model"], days > max(tiered_model["layout"]["learned"])
        )
        results.totals.extend(comparison.totals(forecast, actual, log.outcomes_between(-days, 0), btyd[days]))
        results.rankings.extend(comparison.rankings(forecast, actual, btyd[days], simple))
        if forecast.spend is not None and actual.spend is not None:
            covered, zero_share = coverage(scores, days, actual.spend), np.mean(actual.spend == 0)
            results.notes.append(
                f"{label} {log.as_of}: 80 % intervals of {days} d cover {covered:.2f}; {zero_share:.2f} spend 0"
            )
    checked_horizons = sorted({*LTV_DAYS, shop.churn_days})
    for incoherence in incoherences(scores, checked_horizons, has_amounts="amount" in log.lines):
        results.notes.append(f"{label} {log.as_of}: INCOHERENT {incoherence}")


def _run_pipeline(shop: SimulatedShop, case: ForecastCase, log_lines: pd.DataFrame, folder: Path) -> Home:
    log_lines[log_lines["ordered_at"] < pd.Timestamp(case.as_of)].to_csv(folder / "orders.csv", index=False)
    amount = 'amount = "amount"\n' if "amount" in log_lines else ""
    (folder / "flywheel.toml").write_text(
        f'name = "{shop.name}"\ncurrency = "EUR"\ntimezone = "Europe/Berlin"\n\n[orders]\npath = "orders.csv"\n'
        f'customer_id = "customer_id"\nordered_at = "ordered_at"\norder_id = "order_id"\n{amount}\n'
        f"[business]\nchurn_days = {shop.churn_days}\nltv_days = {list(LTV_DAYS)}\n"
    )
    home = Home(folder / "home")
    run.run(read_shop_config(folder / "flywheel.toml"), home, case.as_of, datetime.now(UTC), lambda _: None)
    return home


def _our_values(scores: pd.DataFrame, days: int, shop: SimulatedShop) -> HorizonValues:
    def column(name: str) -> Floats | None:
        return scores[name].to_numpy(float) if name in scores else None

    churn = 1 - scores["churn_probability"].to_numpy(float)
    return HorizonValues(
        ordered=churn if days == shop.churn_days else column(f"purchase_probability_{days}d"),
        orders=column(f"expected_orders_{days}d"),
        spend=column(f"ltv_{days}d_mean") if "amount" in shop.orders else None,
    )


if __name__ == "__main__":
    main()
