"""Log result: what one simulated log gave, from the run of the product to the judgement of its answers."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.bars import BarResult
from benchmarks.simulation.bars import evaluate_bars
from benchmarks.simulation.judging import Comparison, judge_log
from benchmarks.simulation.situation import Situation
from benchmarks.simulation.situations import SITUATIONS
from pipelines.cli.console import capture_warnings
from pipelines.home import Home
from pipelines.steps import run
from serving.audiences.estimates.expected_totals import expected_totals
from serving.audiences.query.scores_table import ScoresFile
from training.inference.release_manifest import ReleaseManifest


@dataclass(frozen=True, kw_only=True)
class LogResult:
    """The result of one simulated log."""

    log: str
    seconds: float  # of the whole run
    customers: int = 0
    tiers: Mapping[str, str] = field(default_factory=dict)  # model -> tier
    figures: Mapping[str, float] = field(default_factory=dict)
    comparisons: Sequence[Comparison] = ()
    bars: Sequence[BarResult] = ()
    remarks: Sequence[str] = ()  # contradictions, and what the gate refused
    failure: str = ""  # why there are no answers

    @property
    def losses(self) -> list[Comparison]:
        """The comparisons that are surely lost."""
        return [comparison for comparison in self.comparisons if comparison.verdict == "loss"]

    @property
    def missed_bars(self) -> list[BarResult]:
        """The bars that are missed."""
        return [result for result in self.bars if not result.is_met]


def measure_log(name: str) -> LogResult:
    """Run the product on one log and judge its answers; a crash is a result too."""
    capture_warnings()
    situation = SITUATIONS[name]
    lines, started_at = situation.lines(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="flywheel-simulation-") as scratch:
        home = Home(Path(scratch) / "home")
        try:
            config = situation.write_log(lines, Path(scratch))
            summary = run.run(config, home, situation.as_of, datetime.now(UTC), lambda _: None)
        except Exception:  # noqa: BLE001 -- every crash is a result
            return LogResult(log=name, seconds=time.perf_counter() - started_at, failure=traceback.format_exc(limit=-3))
        seconds = time.perf_counter() - started_at
        scores, manifest = pd.read_parquet(home.scores), ReleaseManifest.read(home.releases / summary.champion)
        intervals = _interval_figures(home, manifest, situation)
    judgement = judge_log(situation, lines, scores)
    figures = {**judgement.figures, **_coverage(judgement.figures, intervals), "seconds": seconds}
    return LogResult(
        log=name,
        seconds=seconds,
        customers=judgement.customers,
        tiers=manifest.tiers,
        figures=figures,
        comparisons=judgement.comparisons,
        bars=evaluate_bars(name, figures),
        remarks=[*judgement.contradictions, *([summary.refusal] if summary.refusal else [])],
    )


def _interval_figures(home: Home, manifest: ReleaseManifest, situation: Situation) -> dict[str, tuple[float, float]]:
    """Return the 80 % intervals of the totals of buyers and revenue over all customers, where there are any."""
    columns = ScoresFile(home.scores).columns()
    totals = expected_totals(columns, np.arange(len(columns)), situation.horizon, manifest.cards)
    by_name = {"buyers": totals.conversions, "revenue": totals.revenue}
    return {
        name: (total.interval.p10, total.interval.p90)
        for name, total in by_name.items()
        if total is not None and total.interval is not None and total.horizon_days == situation.horizon
    }


def _coverage(figures: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return the interval's ends over the actual total, and whether it covers it: 1 or 0."""
    coverage = {}
    for name, (low, high) in intervals.items():
        actual = figures[f"actual {name}"]
        coverage[f"{name} covered"] = float(low <= actual <= high)
        coverage |= {f"{name} {end}": value / actual for end, value in (("p10", low), ("p90", high)) if actual > 0}
    return coverage
