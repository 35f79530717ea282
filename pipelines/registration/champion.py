"""Champion comparison: the serving release on the test origins that lie after its own training."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from features.calendar import instant
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.dataset.outcomes import Rows
from training.evaluation.backtest import Backtest
from training.evaluation.paired_comparison import PairedComparison, compare_on_origins
from training.inference.forecast import Forecast
from training.inference.release import Release
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest
from training.models import load_release

CHAMPION = "the champion"


def compare(context: RunContext, backtest_result: BacktestResult, tier: str) -> list[PairedComparison]:
    """Compare the tier with the champion on the origins after the champion's training, (models,).

    Empty without a champion, where the champion has seen the outcomes of every origin, or where it reads other inputs.
    """
    champion = load_champion(context)
    if champion is None:
        return []
    tests = unseen_tests(champion, context, backtest_result)
    return compare_on_origins(tests, tier, CHAMPION, lambda test: forecast_rows(champion, test.rows))


def trained_on(release: Release, context: RunContext) -> date:
    """The day until which a release knows the log."""
    return instant(release.metadata.as_of).astimezone(context.config.zone).date()


def unseen_tests(champion: Release, context: RunContext, backtest_result: BacktestResult) -> list[Backtest]:
    """The back-tests whose outcomes the champion has not seen; none where it reads other inputs."""
    if champion.input_names != backtest_result.data.names:
        return []
    return [test for test in backtest_result.tests if test.origin >= trained_on(champion, context)]


def forecast_rows(release: Release, rows: Rows) -> Forecast:
    """The forecast of a loaded release for training rows."""
    return release.forecast_inputs(rows.inputs, np.nan_to_num(rows.column("orders")))


def tiers_of_usable_champion(context: RunContext) -> Mapping[str, str]:
    """The tier of each model in the champion; empty without one that can read the features of today's configuration."""
    tiers = context.home.champion_tiers()
    if not tiers:
        return {}
    manifest = ReleaseManifest.read(context.home.releases / str(context.home.champion()))
    return tiers if manifest.views == tuple(context.views) else {}


def load_champion(context: RunContext) -> Release | None:
    """The serving release; None without one, or where its files are damaged."""
    version = context.home.champion()
    if version is None:
        return None
    try:
        return load_release(context.home.releases / version)
    except CorruptRelease as error:
        context.report(f"not compared with the champion: {error}")
        return None
