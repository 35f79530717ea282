"""How forecasts fare in shops with other rhythms: simulated logs, whose future is known, through the whole main job."""

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

from benchmarks.accuracy.answer_consistency import coverage, incoherences
from benchmarks.accuracy.realised_outcomes import HorizonValues, SplitLog
from benchmarks.simulation.judging import HorizonComparison, Ranking, Total
from benchmarks.simulation.shops import SHOPS, ForecastCase, SimulatedShop
from benchmarks.simulation.verdicts import render_page
from features.arrays import Floats
from features.config.shop import read_shop_config
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.home import Home
from pipelines.steps import run
from training.inference.release_manifest import ReleaseManifest

LTV_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class SimulationResults:
    """Everything measured."""

    totals: list[Total] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def main() -> None:
    """Measure the shops asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation.run", description=__doc__)
    parser.add_argument("--shop", action="append", choices=SHOPS, help="only this shop; may be repeated")
    parser.add_argument("--draws", type=int, default=1, help="how many logs to simulate of each shop")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows here too")
    chosen = parser.parse_args()
    capture_warnings()
    found, screen = SimulationResults(), CommandConsole(json_output=False)
    for name in chosen.shop or SHOPS:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.draws):
            shop = SHOPS[name](np.random.default_rng(seed))
            for case in shop.cases:
                measure_shop(shop, case, shop.name if seed == 1 else f"{shop.name}#{seed}", found)
                screen.report(found.notes[-1])
    print("\n".join(render_page(found.totals, found.rankings, found.notes)))  # noqa: T201 -- the tables are the result
    if chosen.json:
        rows = [{**vars(one), "verdict": one.verdict} for one in found.totals]
        rows += [{**vars(one), "verdict": one.verdict} for one in found.rankings]
        chosen.json.write_text(json.dumps({"rows": rows, "notes": found.notes}))


def measure_shop(shop: SimulatedShop, case: ForecastCase, label: str, results: SimulationResults) -> None:
    """One shop from one day on; a crash is noted, and the others go on."""
    lines = shop.table(case)
    with tempfile.TemporaryDirectory(prefix="flywheel-rhythm-") as scratch:
        begun = time.perf_counter()
        try:
            home = _run_pipeline(shop, case, lines, Path(scratch))
        except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
            results.notes.append(f"{label} {case.as_of}: CRASH {traceback.format_exc(limit=-3)}")
            return
        seconds = time.perf_counter() - begun
        scores = pd.read_parquet(home.scores)
        manifest = ReleaseManifest.read(home.releases / str(home.champion()))
    scores = scores[scores["orders"] >= 1].reset_index(drop=True)
    judge_scores(
        shop, SplitLog(lines, case.as_of, scores["customer_id"].tolist()), label, scores, manifest.tiered_model, results
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
    """The scores of the customers known then, beside what they did in every window that was simulated to its end."""
    horizons = [days for days in sorted({*LTV_DAYS, 60, shop.churn_days}) if log.horizon_is_known(days, shop.until)]
    btyd, simple = log.btyd_forecasts(horizons), log.simple_scores()
    for days in horizons:
        ours, actual = _our_values(scores, days, shop), log.outcomes_between(0, days)
        question = HorizonComparison(
            label, str(log.as_of), days, tiered_model["tier_by_model"], days > max(tiered_model["layout"]["learned"])
        )
        results.totals.extend(question.totals(ours, actual, log.outcomes_between(-days, 0), btyd[days]))
        results.rankings.extend(question.rankings(ours, actual, btyd[days], simple))
        if ours.spend is not None and actual.spend is not None:
            held, zero = coverage(scores, days, actual.spend), np.mean(actual.spend == 0)
            results.notes.append(f"{label} {log.as_of}: 80 % intervals of {days} d hold {held:.2f}; {zero:.2f} spend 0")
    asked = sorted({*LTV_DAYS, shop.churn_days})
    for what in incoherences(scores, asked, has_amounts="amount" in log.lines):
        results.notes.append(f"{label} {log.as_of}: INCOHERENT {what}")


def _run_pipeline(shop: SimulatedShop, case: ForecastCase, lines: pd.DataFrame, folder: Path) -> Home:
    lines[lines["ordered_at"] < pd.Timestamp(case.as_of)].to_csv(folder / "orders.csv", index=False)
    amount = 'amount = "amount"\n' if "amount" in lines else ""
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
