"""Model card of a candidate: what one training measured, in the form of ``training.reporting.model_card``."""

from __future__ import annotations

import numpy as np

from features.plausibility_note import without_examples
from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.dataset_info import dataset_info
from training.evaluation.totals import backtest_totals
from training.models import MODELS
from training.reporting import model_card, report
from training.reporting.metric_comparison import MetricComparison


def render_model_card(candidate: ReleaseCandidate, name: str) -> str:
    """The model card, as Markdown."""
    context, plan, data = candidate.context, candidate.context.readiness.plan, candidate.backtest_result.data
    tests, tier = candidate.backtest_result.tests, candidate.tested_tier
    trained = context.schedule.training_cutoffs(context.as_of, plan.learned[-1]) or context.schedule.cutoffs[:1]
    dataset = dataset_info(candidate)
    return model_card.render_model_card(
        model_card.ModelCard(
            name=name,
            question=MODELS[name].question,
            horizon=f"{', '.join(map(str, candidate.horizon_days(name)))} days",
            gate=candidate.gate_decisions[name],
            tested_tier=tier,
            use=MODELS[name].intended_use,
            population="Customers with an order before the cutoff",
            customers=len(tests[0].rows) if tests else data.customers["customer_id"].nunique(),
            trained_from=trained[0],
            trained_to=trained[-1],
            known_until=context.as_of,
            data_name=dataset.name,
            data_digest=dataset.digest,
            data_rows=dataset.rows,
            feature_service=FEATURE_SERVICE,
            features=data.names,
            scores=_card_scores(candidate, name),
            calibration=_calibration(candidate, name),
            members=candidate.member_losses.get(name, ()),
            totals=[
                *(errors.summary_line() for errors in backtest_totals(tests, name, tier)),
                *(f"- {total_range.sentence()}" for total_range in candidate.total_ranges(name)),
            ],
            slices=_card_slices(candidate, name),
            rules=candidate.backtest_result.rule_results if MODELS[name].against_churn_rules else (),
            treated_windows=candidate.backtest_result.treated_windows.sentence(),
            plausibility=without_examples(context.plausibility),
        )
    )


def _card_scores(candidate: ReleaseCandidate, name: str) -> list[MetricComparison]:
    headline, tier = MODELS[name].headline, candidate.tested_tier
    comparisons = []
    for test in candidate.backtest_result.tests:
        metrics = {
            score.contestant: score.metrics
            for score in candidate.backtest_result.scores
            if score.model == name and score.origin == test.origin
        }
        baselines = {
            contestant: values[headline]
            for contestant, values in metrics.items()
            if contestant != tier and headline in values
        }
        comparisons.append(
            MetricComparison(
                origin=test.origin, metric=headline, model=metrics[tier][headline], baselines=baselines,
                higher_is_better=MODELS[name].higher_is_better,
            )
        )  # fmt: skip
    return comparisons


def _calibration(candidate: ReleaseCandidate, name: str) -> model_card.Calibration:
    tier = candidate.tested_tier
    by_origin = [
        score.metrics for score in candidate.backtest_result.scores if score.model == name and score.contestant == tier
    ]

    def median(*measures: str) -> float | None:
        values = [metrics[measure] for metrics in by_origin for measure in measures if measure in metrics]
        return float(np.median(values)) if values else None

    return model_card.Calibration(ece=median("ece", "ece_30d"), decile_mape=median("decile_mape"), bias=median("bias"))


def _card_slices(candidate: ReleaseCandidate, name: str) -> list[model_card.PopulationSlice]:
    if not candidate.backtest_result.tests:
        return []
    headline, newest, tier = MODELS[name].headline, candidate.backtest_result.tests[0], candidate.tested_tier
    overall = MODELS[name].metrics(newest.rows.outcomes, newest.plan, newest.forecasts[tier])[headline]
    return [
        model_card.PopulationSlice(
            name=part, customers=int(measures["customers"]), metric=headline, value=measures[headline],
            overall=overall, higher_is_better=MODELS[name].higher_is_better,
        )
        for part, measures in report.slice_metrics(name, newest, tier).items()
    ]  # fmt: skip
