"""How forecasts fare in shops with other rhythms: simulated logs, whose future is known, through the whole main job."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.afterwards import Answer, Past
from benchmarks.judging import Ranking, Total, coverage, incoherences, paired, ratio_interval
from benchmarks.shops import SHOPS, Case, Shop
from features.description import read_description
from pipelines import run
from pipelines.home import Home
from pipelines.screen import keep_warnings_off_the_screen
from training import metrics

LTV_DAYS = (30, 90, 365)


@dataclass
class Found:
    """Everything measured."""

    totals: list[Total] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def main() -> None:
    """Measure the shops asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rhythms", description=__doc__)
    parser.add_argument("--shop", action="append", choices=SHOPS, help="only this shop; may be repeated")
    parser.add_argument("--draws", type=int, default=1, help="how many logs to simulate of each shop")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows here too")
    chosen = parser.parse_args()
    keep_warnings_off_the_screen()
    found = Found()
    for name in chosen.shop or SHOPS:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.draws):
            shop = SHOPS[name](np.random.default_rng(seed))
            for case in shop.cases:
                measure(shop, case, seed, found)
    show(found)
    if chosen.json:
        rows = [vars(one) | {"verdict": one.verdict} for one in [*found.totals, *found.rankings]]
        chosen.json.write_text(json.dumps({"rows": rows, "notes": found.notes}, default=str))


def measure(shop: Shop, case: Case, seed: int, found: Found, say: Callable[[str], None] = lambda _: None) -> None:
    """One shop from one day on; a crash is noted, and the others go on."""
    label = shop.name if seed == 1 else f"{shop.name}#{seed}"
    lines = shop.table(case)
    with tempfile.TemporaryDirectory(prefix="flywheel-rhythm-") as scratch:
        begun = time.perf_counter()
        try:
            home = _run(shop, case, lines, Path(scratch), say)
        except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
            found.notes.append(f"{label} {case.as_of}: CRASH {traceback.format_exc(limit=-3)}")
            return
        seconds = time.perf_counter() - begun
        scores = pd.read_parquet(home.scores)
        facts = json.loads((home.releases / str(home.champion()) / "release.json").read_text())
    scores = scores[scores["orders"] >= 1].reset_index(drop=True)
    past = Past(lines, case.as_of, scores["customer_id"].tolist())
    _judge(label, shop, case, past, scores, facts, found)
    tiers = ", ".join(f"{name} {tier}" for name, tier in facts["ladder"]["tiers"].items())
    found.notes.append(
        f"{label} {case.as_of}: {seconds:.0f} s, {len(scores)} customers, {tiers}, learned {facts['ladder']['shape']['learned']}"
    )
    found.notes += [
        f"{label} {case.as_of}: INCOHERENT {what}"
        for what in incoherences(scores, sorted({*LTV_DAYS, shop.churn_days}))
    ]


def _run(shop: Shop, case: Case, lines: pd.DataFrame, folder: Path, say: Callable[[str], None]) -> Home:
    lines[lines["ordered_at"] < pd.Timestamp(case.as_of)].to_csv(folder / "orders.csv", index=False)
    amount = 'amount = "amount"\n' if "amount" in lines else ""
    (folder / "flywheel.toml").write_text(
        f'name = "{shop.name}"\ncurrency = "EUR"\ntimezone = "Europe/Berlin"\n\n[orders]\npath = "orders.csv"\n'
        f'customer_id = "customer_id"\nordered_at = "ordered_at"\norder_id = "order_id"\n{amount}\n'
        f"[business]\nchurn_days = {shop.churn_days}\nltv_days = {list(LTV_DAYS)}\n"
    )
    home = Home(folder / "home")
    run.run(read_description(folder / "flywheel.toml"), home, case.as_of, datetime.now(UTC), say)
    return home


def _judge(
    label: str, shop: Shop, case: Case, past: Past, scores: pd.DataFrame, facts: dict[str, object], found: Found
) -> None:
    horizons = [days for days in sorted({*LTV_DAYS, 60, shop.churn_days}) if past.horizon_is_known(days, shop.until)]
    btyd, table = past.btyd(horizons), past.summary()
    tiers, learned = facts["ladder"]["tiers"], facts["ladder"]["shape"]["learned"]  # type: ignore[index]
    for days in horizons:
        ours, actual, before = _ours(scores, days, shop), past.between(0, days), past.between(-days, 0)
        for what, rung in (("ordered", "next_purchase"), ("orders", "ltv"), ("spend", "ltv")):
            mine, then = getattr(ours, what), getattr(actual, what)
            if mine is None or then is None:
                continue
            low, high = ratio_interval(mine, then)
            beyond = "" if days <= max(learned) else "*"
            found.totals.append(
                Total(
                    label, str(case.as_of), "buyers" if what == "ordered" else what, days, tiers[rung] + beyond,
                    float(mine.sum()), low, high, float(then.sum()),
                    float(getattr(before, what).sum()), float(getattr(btyd[days], what).sum()),
                )
            )  # fmt: skip
        rivals = {"recency": -table["silent"].to_numpy(), "frequency": table["orders"].to_numpy(float)}
        for measured, what, rung, rule in (
            ("AUC", "ordered", "churn", metrics.auc),
            ("Gini", "spend", "ltv", metrics.normalised_gini),
        ):
            mine, then = getattr(ours, what), getattr(actual, what)
            if mine is None or then is None or then.sum() == 0:
                continue
            for name, score in {**rivals, "BTYD": getattr(btyd[days], what)}.items():
                found.rankings.append(
                    Ranking(
                        label,
                        str(case.as_of),
                        measured,
                        days,
                        tiers[rung],
                        rule(mine, then),
                        name,
                        rule(score, then),
                        *paired(rule, mine, score, then),
                    )
                )
        if ours.spend is not None:
            found.notes.append(
                f"{label} {case.as_of}: coverage {days} d {coverage(scores, days, actual.spend):.2f}, zero {np.mean(actual.spend == 0):.2f}"
            )


def _ours(scores: pd.DataFrame, days: int, shop: Shop) -> Answer:
    none = np.full(len(scores), np.nan)

    def column(name: str) -> np.ndarray | None:
        return scores[name].to_numpy(float) if name in scores else None

    ordered = (
        1 - scores["churn_probability"].to_numpy(float)
        if days == shop.churn_days
        else column(f"purchase_probability_{days}d")
    )
    spend = column(f"ltv_{days}d_mean") if "amount" in shop.orders else None
    return Answer(ordered=ordered, orders=column(f"expected_orders_{days}d"), spend=spend)  # type: ignore[arg-type]


def show(found: Found) -> None:
    """The tables, and at the end what failed."""
    head = f"{'shop':16} {'as of':10} {'what':7} {'days':>4} {'rung':11} {'ours':>9} {'actual':>9} {'ratio':>6} {'interval':>12} {'persist.':>8} {'BTYD':>6}"
    print(head)
    for one in found.totals:
        print(line(one))
    print("\nrankings")
    for rank in found.rankings:
        print(ranked(rank))
    print("\n" + "\n".join(found.notes))
    print("\nfailures")
    for one in found.totals:
        if one.verdict == "FAIL":
            print(line(one))
    for rank in found.rankings:
        if rank.verdict == "FAIL":
            print(ranked(rank))
    worst = sum(one.verdict == "FAIL" for one in found.totals), sum(one.verdict == "FAIL" for one in found.rankings)
    print(f"{worst[0]} of {len(found.totals)} totals and {worst[1]} of {len(found.rankings)} rankings failed")


def line(one: Total) -> str:
    """A total as a row."""
    actual = one.actual or np.nan
    return (
        f"{one.shop:16} {one.as_of} {one.quantity:7} {one.days:4d} {one.rung:11} {one.ours:9.0f} {one.actual:9.0f} "
        f"{one.ratio:6.2f} {one.low:5.2f}-{one.high:5.2f}  {one.persistence / actual:8.2f} {one.btyd / actual:6.2f} {one.verdict}"
    )


def ranked(one: Ranking) -> str:
    """A ranking as a row."""
    return (
        f"{one.shop:16} {one.as_of} {one.measure:5} {one.days:4d} {one.rung:10} {one.ours:.3f} "
        f"{one.rival:9} {one.theirs:.3f}  {one.low:+.3f} to {one.high:+.3f} {one.verdict}"
    )


if __name__ == "__main__":
    main()
