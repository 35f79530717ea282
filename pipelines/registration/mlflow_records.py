"""MLflow records of a model: its run, its model card, and its entry for GET /v1/models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import NotFound
from features.ingestion.ingest import read_manifest
from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.churn_rules import rule_report
from pipelines.registration.lineage import git_commit
from training.evaluation.totals import backtest_totals, total_ranges, totals_json
from training.models import MODELS
from training.registry import DatasetInfo, Run
from training.reporting import model_card, report
from training.reporting.churn_rule_report import rule_rows
from training.total_range import TotalRange


def mlflow_run(candidate: ReleaseCandidate, name: str, folder: Path) -> Run:
    """The MLflow run of one model of a training."""
    context, tier = candidate.context, candidate.tested_tier
    newest = candidate.backtest_result.tests[0] if candidate.backtest_result.tests else None
    weak = report.slice_metrics(name, newest, tier) if newest else {}
    rules = rule_report(name, candidate.backtest_result)
    return Run(
        name=name,
        experiment="training",
        fingerprint=candidate.fingerprint,
        params=_params(candidate),
        metrics=[*report.model_metrics(name, candidate.backtest_result.scores), *rules.metrics],
        tags={"git_commit": git_commit(), "tier": candidate.tier, "feature_service": FEATURE_SERVICE},
        description=render_model_card(candidate, name),
        dataset=_dataset(candidate),
        figures={
            **(report.model_figures(name, newest, tier, candidate.assembled_release.files[name]) if newest else {}),
            **rules.figures,
        },
        tables={
            **({"where_it_is_weak": report.metrics_table(weak)} if weak else {}),
            **report.category_score_table(name, candidate.backtest_result.scores),
            **rules.tables,
        },
        texts={
            "flywheel.json": context.config.model_dump_json(indent=1),
            "card.md": render_model_card(candidate, name),
            "gate.txt": str(asdict(candidate.gate_decisions[name])),
        },
        folder=folder,
    )


def render_model_card(candidate: ReleaseCandidate, name: str) -> str:
    """The model card, as Markdown."""
    context, plan, data = candidate.context, candidate.context.readiness.plan, candidate.backtest_result.data
    tests, tier = candidate.backtest_result.tests, candidate.tested_tier
    trained = context.schedule.training_cutoffs(context.as_of, plan.learned[-1]) or context.schedule.cutoffs[:1]
    dataset, reason = _dataset(candidate), candidate.gate_decisions[name].reason
    return model_card.render_model_card(
        model_card.ModelCard(
            name=name,
            question=MODELS[name].question,
            horizon=f"{_horizon_days(candidate, name)} days, answered from the tier `{candidate.tier}`: {reason}",
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
            totals=[
                *(errors.summary_line() for errors in backtest_totals(tests, name, tier)),
                *(f"- {total_range.sentence()}" for total_range in _total_ranges(candidate, name)),
            ],
            slices=_card_slices(candidate, name),
            rules=candidate.backtest_result.rule_results if MODELS[name].against_churn_rules else (),
        )
    )


def model_summary(candidate: ReleaseCandidate, name: str, version: str) -> dict[str, Any]:
    """The entry of one model of the release in GET /v1/models."""
    context, plan = candidate.context, candidate.context.readiness.plan
    decision = candidate.gate_decisions[name]
    return {
        "name": name,
        "version": version,
        "tier": decision.tier,
        "reason": decision.reason,
        "horizon_days": _horizon_days(candidate, name),
        "learned_days": list(plan.learned),
        "training_window": {"start": str(context.schedule.first), "end": str(context.as_of)},
        "metrics": [
            {"origin": str(score.origin), "contestant": score.contestant, **_round_finite(score.metrics)}
            for score in candidate.backtest_result.scores
            if score.model == name
        ],
        "totals": totals_json(backtest_totals(candidate.backtest_result.tests, name, candidate.tested_tier)),
        "total_ranges": [total_range.as_json() for total_range in _total_ranges(candidate, name)],
        **({"churn_rules": rules} if MODELS[name].against_churn_rules and (rules := _rule_rows(candidate)) else {}),
    }


def _horizon_days(candidate: ReleaseCandidate, name: str) -> list[int]:
    return list(MODELS[name].horizons(candidate.context.churn_days, candidate.context.horizons))


def _total_ranges(candidate: ReleaseCandidate, name: str) -> list[TotalRange]:
    totals = backtest_totals(candidate.backtest_result.tests, name, candidate.tested_tier)
    return total_ranges(totals, _horizon_days(candidate, name), candidate.context.schedule.span)


def _params(candidate: ReleaseCandidate) -> dict[str, str | int | float]:
    context, plan = candidate.context, candidate.context.readiness.plan
    return {
        "as_of": str(context.as_of),
        "first_day": str(context.schedule.first),
        "tier": candidate.tier,
        "churn_days": plan.churn_days,
        "asked_days": str(plan.horizons),
        "learned_days": str(plan.learned),
        "cutoffs": len(context.cutoffs),
        "first_cutoff": str(context.schedule.cutoffs[0]),
        "origins": ", ".join(map(str, context.schedule.origins)),
        "customers": candidate.backtest_result.data.customers["customer_id"].nunique(),
    }


def _dataset(candidate: ReleaseCandidate) -> DatasetInfo:
    manifest = read_manifest(candidate.context.home.history)
    if manifest is None:
        raise NotFound(
            f"No history in {candidate.context.home.history}. Expected an ingested log: run `flywheel ingest`."
        )
    return DatasetInfo(
        name=candidate.context.config.name,
        digest=manifest.source,
        source=candidate.context.config.orders.path,
        rows=len(candidate.backtest_result.data.inputs),
        columns=dict.fromkeys(candidate.backtest_result.data.names, "double"),
    )


def _card_scores(candidate: ReleaseCandidate, name: str) -> list[model_card.MetricComparison]:
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
            model_card.MetricComparison(
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


def _rule_rows(candidate: ReleaseCandidate) -> list[dict[str, Any]]:
    rows = rule_rows(candidate.backtest_result.rule_results)
    numbers = [{key: value for key, value in row.items() if isinstance(value, float)} for row in rows]
    origins = [{"origin": row["origin"] and str(row["origin"])} for row in rows]
    return [row | _round_finite(values) | origin for row, values, origin in zip(rows, numbers, origins, strict=True)]


def _round_finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in metrics.items()}
