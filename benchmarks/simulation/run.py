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
from benchmarks.accuracy.realised_outcomes import Answer, Past
from benchmarks.simulation.judging import Question, Ranking, Total
from benchmarks.simulation.shops import SHOPS, Case, Shop
from benchmarks.simulation.verdicts import page
from features.arrays import Floats
from features.config.shop import read_description
from pipelines.cli.console import Screen, keep_warnings_off_the_screen
from pipelines.home import Home
from pipelines.steps import run
from training.inference.release_manifest import ReleaseManifest

LTV_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class Found:
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
    keep_warnings_off_the_screen()
    found, screen = Found(), Screen(machine=False)
    for name in chosen.shop or SHOPS:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.draws):
            shop = SHOPS[name](np.random.default_rng(seed))
            for case in shop.cases:
                measure(shop, case, shop.name if seed == 1 else f"{shop.name}#{seed}", found)
                screen.say(found.notes[-1])
    print("\n".join(page(found.totals, found.rankings, found.notes)))  # noqa: T201 -- the tables are the result
    if chosen.json:
        rows = [{**vars(one), "verdict": one.verdict} for one in found.totals]
        rows += [{**vars(one), "verdict": one.verdict} for one in found.rankings]
        chosen.json.write_text(json.dumps({"rows": rows, "notes": found.notes}))


def measure(shop: Shop, case: Case, label: str, found: Found) -> None:
    """One shop from one day on; a crash is noted, and the others go on."""
    lines = shop.table(case)
    with tempfile.TemporaryDirectory(prefix="flywheel-rhythm-") as scratch:
        begun = time.perf_counter()
        try:
            home = _run(shop, case, lines, Path(scratch))
        except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
            found.notes.append(f"{label} {case.as_of}: CRASH {traceback.format_exc(limit=-3)}")
            return
        seconds = time.perf_counter() - begun
        scores = pd.read_parquet(home.scores)
        manifest = ReleaseManifest.read(home.releases / str(home.champion()))
    scores = scores[scores["orders"] >= 1].reset_index(drop=True)
    judge(shop, Past(lines, case.as_of, scores["customer_id"].tolist()), label, scores, manifest.ladder, found)
    tiers = ", ".join(f"{name} {tier}" for name, tier in manifest.tiers.items())
    found.notes.append(f"{label} {case.as_of}: {seconds:.0f} s, {len(scores)} customers, {tiers}")


def judge(shop: Shop, past: Past, label: str, scores: pd.DataFrame, ladder: Mapping[str, Any], found: Found) -> None:
    """The scores of the customers known then, beside what they did in every window that was simulated to its end."""
    horizons = [days for days in sorted({*LTV_DAYS, 60, shop.churn_days}) if past.horizon_is_known(days, shop.until)]
    btyd, simple = past.btyd(horizons), past.simple()
    for days in horizons:
        ours, actual = _ours(scores, days, shop), past.between(0, days)
        question = Question(label, str(past.as_of), days, ladder["tiers"], days > max(ladder["shape"]["learned"]))
        found.totals.extend(question.totals(ours, actual, past.between(-days, 0), btyd[days]))
        found.rankings.extend(question.rankings(ours, actual, btyd[days], simple))
        if ours.spend is not None and actual.spend is not None:
            held, zero = coverage(scores, days, actual.spend), np.mean(actual.spend == 0)
            found.notes.append(f"{label} {past.as_of}: 80 % intervals of {days} d hold {held:.2f}; {zero:.2f} spend 0")
    asked = sorted({*LTV_DAYS, shop.churn_days})
    for what in incoherences(scores, asked, has_amounts="amount" in past.lines):
        found.notes.append(f"{label} {past.as_of}: INCOHERENT {what}")


def _run(shop: Shop, case: Case, lines: pd.DataFrame, folder: Path) -> Home:
    lines[lines["ordered_at"] < pd.Timestamp(case.as_of)].to_csv(folder / "orders.csv", index=False)
    amount = 'amount = "amount"\n' if "amount" in lines else ""
    (folder / "flywheel.toml").write_text(
        f'name = "{shop.name}"\ncurrency = "EUR"\ntimezone = "Europe/Berlin"\n\n[orders]\npath = "orders.csv"\n'
        f'customer_id = "customer_id"\nordered_at = "ordered_at"\norder_id = "order_id"\n{amount}\n'
        f"[business]\nchurn_days = {shop.churn_days}\nltv_days = {list(LTV_DAYS)}\n"
    )
    home = Home(folder / "home")
    run.run(read_description(folder / "flywheel.toml"), home, case.as_of, datetime.now(UTC), lambda _: None)
    return home


def _ours(scores: pd.DataFrame, days: int, shop: Shop) -> Answer:
    def column(name: str) -> Floats | None:
        return scores[name].to_numpy(float) if name in scores else None

    churn = 1 - scores["churn_probability"].to_numpy(float)
    return Answer(
        ordered=churn if days == shop.churn_days else column(f"purchase_probability_{days}d"),
        orders=column(f"expected_orders_{days}d"),
        spend=column(f"ltv_{days}d_mean") if "amount" in shop.orders else None,
    )


if __name__ == "__main__":
    main()
