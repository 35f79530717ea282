"""MLflow records of a model: its run, and its entry for GET /v1/models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.churn_rules import rule_report
from pipelines.registration.dataset_info import dataset_info
from pipelines.registration.lineage import git_commit
from training.evaluation.paired_comparison import PairedComparison
from training.evaluation.totals import backtest_totals, totals_json
from training.models import MODELS
from training.registry import Run
from training.reporting import report
from training.reporting.churn_rule_report import rule_rows


def mlflow_run(candidate: ReleaseCandidate, name: str, folder: Path, card: str) -> Run:
    """The MLflow run of one model of a training, with its model card as Markdown."""
    context, tier = candidate.context, candidate.tested_tier
    newest = candidate.backtest_result.tests[0] if candidate.backtest_result.tests else None
    weak = report.slice_metrics(name, newest, tier) if newest else {}
    rules, scores = rule_report(name, candidate.backtest_result), candidate.backtest_result.scores
    return Run(
        name=name,
        experiment="training",
        fingerprint=candidate.fingerprint,
        params=_params(candidate),
        metrics=report.model_metrics(name, scores, tier),
        tags={"git_commit": git_commit(), "tier": candidate.tier, "feature_service": FEATURE_SERVICE},
        description=card,
        dataset=dataset_info(candidate),
        figures={
            **(report.model_figures(name, newest, tier, candidate.assembled_release.files[name]) if newest else {}),
            **report.score_figure(name, scores, tier),
            **rules.figures,
        },
        tables={
            **({"where_it_is_weak": report.metrics_table(weak)} if weak else {}),
            **report.score_table(name, scores),
            **report.category_score_table(name, scores),
            **rules.tables,
        },
        texts={
            "flywheel.json": context.config.model_dump_json(indent=1),
            "card.md": card,
            "gate.json": json.dumps(asdict(candidate.gate_decisions[name]), indent=1),
        },
        folder=folder,
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
        "horizon_days": candidate.horizon_days(name),
        "learned_days": list(plan.learned),
        "training_window": {"start": str(context.schedule.first), "end": str(context.as_of)},
        "metrics": [
            {"origin": str(score.origin), "contestant": score.contestant, **_round_finite(score.metrics)}
            for score in candidate.backtest_result.scores
            if score.model == name
        ],
        "totals": totals_json(backtest_totals(candidate.backtest_result.tests, name, candidate.tested_tier)),
        "total_ranges": [total_range.as_json() for total_range in candidate.total_ranges(name)],
        "simple_tiers": [_simple_tier(comparison) for comparison in candidate.simple_tier_comparisons[name]],
        **({"churn_rules": rules} if MODELS[name].against_churn_rules and (rules := _rule_rows(candidate)) else {}),
        **({"slices": _slices(candidate, name)} if MODELS[name].against_churn_rules else {}),
    }


def _simple_tier(comparison: PairedComparison) -> dict[str, Any]:
    """A simple tier beside the tested one: mean losses per customer, and the gain with its 95 % interval."""
    fields = {
        "loss": comparison.reference_loss, "tested_loss": comparison.release_loss,
        "gain": comparison.gain, "gain_low": comparison.low, "gain_high": comparison.high,
    }  # fmt: skip
    return {"tier": comparison.reference, "customers": comparison.customers, **_round_finite(fields)}


def _slices(candidate: ReleaseCandidate, name: str) -> list[dict[str, Any]]:
    """The area under the ROC curve on parts of the customers of the newest test, each with its 95 % interval."""
    if not candidate.backtest_result.tests:
        return []
    aucs = report.slice_aucs(name, candidate.backtest_result.tests[0], candidate.tested_tier)
    return [
        {"part": part, "customers": customers, **_round_finite({"auc": auc.value, "low": auc.low, "high": auc.high})}
        for part, (customers, auc) in aucs.items()
    ]


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


def _rule_rows(candidate: ReleaseCandidate) -> list[dict[str, Any]]:
    rows = rule_rows(candidate.backtest_result.rule_results)
    numbers = [{key: value for key, value in row.items() if isinstance(value, float)} for row in rows]
    origins = [{"origin": row["origin"] and str(row["origin"])} for row in rows]
    return [row | _round_finite(values) | origin for row, values, origin in zip(rows, numbers, origins, strict=True)]


def _round_finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in metrics.items()}
