"""What a reviewer finds in MLflow about one question, its run and its card, and the line for GET /v1/models."""

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
from training.evaluation.totals import backtest_totals, totals_json
from training.models import MODELS
from training.registry import DatasetInfo, Run
from training.reporting import model_card, report
from training.reporting.churn_rule_report import rule_rows


def mlflow_run(candidate: ReleaseCandidate, name: str, folder: Path) -> Run:
    """One training of one model."""
    job, tier = candidate.context, candidate.tiers[name]
    newest = candidate.backtest_result.tests[0] if candidate.backtest_result.tests else None
    weak = report.slice_metrics(name, newest, tier) if newest else {}
    rules = rule_report(name, candidate.backtest_result)
    return Run(
        name=name,
        experiment="training",
        fingerprint=candidate.fingerprint,
        params=_params(candidate, name),
        metrics=[*report.model_metrics(name, candidate.backtest_result.scores), *rules.metrics],
        tags={"git_commit": git_commit(), "tier": tier, "feature_service": FEATURE_SERVICE},
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
            "flywheel.json": job.config.model_dump_json(indent=1),
            "card.md": render_model_card(candidate, name),
            "gate.txt": "\n".join(str(asdict(verdict)) for verdict in candidate.gate_decisions[name]),
        },
        folder=folder,
    )


def render_model_card(candidate: ReleaseCandidate, name: str) -> str:
    """The model card, as Markdown."""
    job, plan, data = candidate.context, candidate.context.readiness.plan, candidate.backtest_result.data
    tests, tier = candidate.backtest_result.tests, candidate.tiers[name]
    trained = job.schedule.training_cutoffs(job.as_of, plan.learned[-1]) or job.schedule.cutoffs[:1]
    dataset, reason = _dataset(candidate), candidate.gate_decisions[name][-1].reason
    return model_card.render_model_card(
        model_card.ModelCard(
            name=name,
            question=MODELS[name].question,
            horizon=f"{_horizon_days(candidate, name)} days, answered from the rung `{tier}`: {reason}",
            use=MODELS[name].intended_use,
            population="Customers with an order before the cutoff",
            customers=len(tests[0].rows) if tests else data.customers["customer_id"].nunique(),
            trained_from=trained[0],
            trained_to=trained[-1],
            known_until=job.as_of,
            data_name=dataset.name,
            data_digest=dataset.digest,
            data_rows=dataset.rows,
            feature_service=FEATURE_SERVICE,
            features=data.names,
            scores=_card_scores(candidate, name),
            calibration=_calibration(candidate, name),
            totals=[one.summary_line() for one in backtest_totals(tests, name, tier)],
            slices=_card_slices(candidate, name),
            rules=candidate.backtest_result.rule_results if MODELS[name].against_churn_rules else (),
        )
    )


def model_summary(candidate: ReleaseCandidate, name: str, version: str) -> dict[str, Any]:
    """What GET /v1/models says of one champion."""
    job, plan = candidate.context, candidate.context.readiness.plan
    verdict = candidate.gate_decisions[name][-1]
    return {
        "name": name,
        "version": version,
        "tier": verdict.tier,
        "reason": verdict.reason,
        "horizon_days": _horizon_days(candidate, name),
        "learned_days": list(plan.learned),
        "training_window": {"start": str(job.schedule.first), "end": str(job.as_of)},
        "metrics": [
            {"origin": str(score.origin), "contestant": score.contestant, **_round_finite(score.metrics)}
            for score in candidate.backtest_result.scores
            if score.model == name
        ],
        "totals": totals_json(backtest_totals(candidate.backtest_result.tests, name, verdict.tier)),
        **({"churn_rules": rules} if MODELS[name].against_churn_rules and (rules := _rule_rows(candidate)) else {}),
    }


def _horizon_days(candidate: ReleaseCandidate, name: str) -> list[int]:
    return list(MODELS[name].horizons(candidate.context.churn_days, candidate.context.horizons))


def _params(candidate: ReleaseCandidate, name: str) -> dict[str, str | int | float]:
    job, plan = candidate.context, candidate.context.readiness.plan
    return {
        "as_of": str(job.as_of),
        "first_day": str(job.schedule.first),
        "tier": candidate.tiers[name],
        "churn_days": plan.churn_days,
        "asked_days": str(plan.horizons),
        "learned_days": str(plan.learned),
        "cutoffs": len(job.cutoffs),
        "first_cutoff": str(job.schedule.cutoffs[0]),
        "origins": ", ".join(map(str, job.schedule.origins)),
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
    headline, tier = MODELS[name].headline, candidate.tiers[name]
    found = []
    for test in candidate.backtest_result.tests:
        here = {
            s.contestant: s.metrics
            for s in candidate.backtest_result.scores
            if s.model == name and s.origin == test.origin
        }
        others = {who: m[headline] for who, m in here.items() if who != tier and headline in m}
        found.append(
            model_card.MetricComparison(
                origin=test.origin, metric=headline, model=here[tier][headline], baselines=others,
                higher_is_better=MODELS[name].higher_is_better,
            )
        )  # fmt: skip
    return found


def _calibration(candidate: ReleaseCandidate, name: str) -> model_card.Calibration:
    tier = candidate.tiers[name]
    mine = [s.metrics for s in candidate.backtest_result.scores if s.model == name and s.contestant == tier]

    def median(*measures: str) -> float | None:
        values = [one[measure] for one in mine for measure in measures if measure in one]
        return float(np.median(values)) if values else None

    return model_card.Calibration(ece=median("ece", "ece_30d"), decile_mape=median("decile_mape"), bias=median("bias"))


def _card_slices(candidate: ReleaseCandidate, name: str) -> list[model_card.PopulationSlice]:
    if not candidate.backtest_result.tests:
        return []
    headline, newest, tier = MODELS[name].headline, candidate.backtest_result.tests[0], candidate.tiers[name]
    everyone = MODELS[name].metrics(newest.rows.outcomes, newest.plan, newest.forecasts[tier])[headline]
    return [
        model_card.PopulationSlice(
            name=part, customers=int(measures["customers"]), metric=headline, value=measures[headline],
            overall=everyone, higher_is_better=MODELS[name].higher_is_better,
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
