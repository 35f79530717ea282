"""Champion comparison: the serving release on the test origins that lie after its own training."""

from __future__ import annotations

from collections.abc import Mapping

from features.calendar import instant
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import ChampionComparison, compare_with_champion
from training.inference.forecast import Forecast
from training.inference.release import Release
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest
from training.models import load_release


def compare(context: RunContext, backtest_result: BacktestResult, tier: str) -> list[ChampionComparison]:
    """Compare the tier with the champion on the origins after the champion's training, (models,).

    Empty without a champion, where the champion has seen the outcomes of every origin, or where it reads other inputs.
    """
    champion = load_champion(context)
    if champion is None or champion.input_names != backtest_result.data.names:
        return []
    trained_on = instant(champion.metadata.as_of).astimezone(context.config.zone).date()
    tests = [test for test in backtest_result.tests if test.origin >= trained_on]

    def forecast(test: Backtest) -> Forecast | None:
        return champion.forecast_inputs(test.rows.inputs, test.rows.column("orders"))

    return compare_with_champion(tests, tier, forecast)


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
