"""What a reviewer finds in MLflow about one question, its run and its card, and the line for GET /v1/models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import NothingThere
from features.ingestion.ingest import read_manifest
from features.store.definitions import SERVICE
from pipelines.registration.candidate import Candidate
from pipelines.registration.churn_rules import exhibit
from pipelines.registration.fingerprint import git_commit
from training.evaluation.totals import totals_json, totals_of
from training.models import MODELS
from training.registry import Dataset, Run
from training.reporting import model_card, report
from training.reporting.churn_rule_report import rule_rows

HIGHER_IS_BETTER = {"auc": True, "gini": True, "mae_days": False}


def run_of(candidate: Candidate, name: str, folder: Path) -> Run:
    """One training of one model."""
    job, tier = candidate.job, candidate.tiers[name]
    newest = candidate.tested.tests[0] if candidate.tested.tests else None
    weak = report.slices_of(name, newest, tier) if newest else {}
    rules = exhibit(name, candidate.tested)
    return Run(
        name=name,
        experiment="training",
        fingerprint=candidate.fingerprint,
        params=_params(candidate, name),
        metrics=[*report.metrics_of(name, candidate.tested.scores), *rules.metrics],
        tags={"git_commit": git_commit(), "tier": tier, "feature_service": SERVICE},
        description=card_of(candidate, name),
        dataset=_dataset(candidate),
        figures={
            **(report.figures_of(name, newest, tier, candidate.assembled.files[name]) if newest else {}),
            **rules.figures,
        },
        tables={
            **({"where_it_is_weak": report.table_of(weak)} if weak else {}),
            **report.category_tables(name, candidate.tested.scores),
            **rules.tables,
        },
        texts={
            "flywheel.json": job.description.model_dump_json(indent=1),
            "card.md": card_of(candidate, name),
            "gate.txt": "\n".join(str(asdict(verdict)) for verdict in candidate.judged[name]),
        },
        folder=folder,
    )


def card_of(candidate: Candidate, name: str) -> str:
    """The model card, as Markdown."""
    job, plan, data = candidate.job, candidate.job.readiness.plan, candidate.tested.data
    tests, tier = candidate.tested.tests, candidate.tiers[name]
    trained = job.laid.trainings(job.as_of, plan.learned[-1]) or job.laid.cutoffs[:1]
    dataset, reason = _dataset(candidate), candidate.judged[name][-1].reason
    return model_card.model_card(
        model_card.Card(
            name=name,
            question=MODELS[name].question,
            horizon=f"{_days(candidate, name)} days, answered from the rung `{tier}`: {reason}",
            use=model_card.INTENDED_USE[name],
            population="Customers with an order before the cutoff",
            customers=len(tests[0].test) if tests else data.customers["customer_id"].nunique(),
            trained_from=trained[0],
            trained_to=trained[-1],
            known_until=job.as_of,
            data_name=dataset.name,
            data_digest=dataset.digest,
            data_rows=dataset.rows,
            feature_service=SERVICE,
            features=data.names,
            scores=_card_scores(candidate, name),
            calibration=_calibration(candidate, name),
            totals=[one.line() for one in totals_of(tests, name, tier)],
            slices=_card_slices(candidate, name),
            rules=candidate.tested.rules if name == "churn" else (),
        )
    )


def line_of(candidate: Candidate, name: str, version: str) -> dict[str, Any]:
    """What GET /v1/models says of one champion."""
    job, plan = candidate.job, candidate.job.readiness.plan
    verdict = candidate.judged[name][-1]
    return {
        "name": name,
        "version": version,
        "tier": verdict.tier,
        "reason": verdict.reason,
        "horizon_days": _days(candidate, name),
        "learned_days": list(plan.learned),
        "training_window": {"start": str(job.laid.first), "end": str(job.as_of)},
        "metrics": [
            {"origin": str(score.origin), "who": score.who, **_finite(score.metrics)}
            for score in candidate.tested.scores
            if score.model == name
        ],
        "totals": totals_json(totals_of(candidate.tested.tests, name, verdict.tier)),
        **({"churn_rules": _rule_rows(candidate)} if name == "churn" and candidate.tested.rules else {}),
    }


def _days(candidate: Candidate, name: str) -> list[int]:
    asked = candidate.job.asked if name == "ltv" else (candidate.job.churn_days,)
    return list(asked)


def _params(candidate: Candidate, name: str) -> dict[str, str | int | float]:
    job, plan = candidate.job, candidate.job.readiness.plan
    return {
        "as_of": str(job.as_of),
        "first_day": str(job.laid.first),
        "tier": candidate.tiers[name],
        "churn_days": plan.churn_days,
        "asked_days": str(plan.asked),
        "learned_days": str(plan.learned),
        "cutoffs": len(job.cutoffs),
        "first_cutoff": str(job.laid.cutoffs[0]),
        "origins": ", ".join(map(str, job.laid.origins)),
        "customers": candidate.tested.data.customers["customer_id"].nunique(),
    }


def _dataset(candidate: Candidate) -> Dataset:
    manifest = read_manifest(candidate.job.home.history)
    if manifest is None:
        raise NothingThere(
            f"No history in {candidate.job.home.history}. Expected an ingested log: run `flywheel ingest`."
        )
    return Dataset(
        name=candidate.job.description.name,
        digest=manifest.source,
        source=candidate.job.description.orders.path,
        rows=len(candidate.tested.data.inputs),
        columns=dict.fromkeys(candidate.tested.data.names, "double"),
    )


def _card_scores(candidate: Candidate, name: str) -> list[model_card.Score]:
    headline, tier = MODELS[name].headline, candidate.tiers[name]
    found = []
    for test in candidate.tested.tests:
        here = {s.who: s.metrics for s in candidate.tested.scores if s.model == name and s.origin == test.origin}
        others = {who: m[headline] for who, m in here.items() if who != tier and headline in m}
        found.append(
            model_card.Score(
                origin=test.origin, metric=headline, model=here[tier][headline], baselines=others,
                higher_is_better=HIGHER_IS_BETTER[headline],
            )
        )  # fmt: skip
    return found


def _calibration(candidate: Candidate, name: str) -> model_card.Calibration:
    tier = candidate.tiers[name]
    mine = [s.metrics for s in candidate.tested.scores if s.model == name and s.who == tier]

    def median(*measures: str) -> float | None:
        values = [one[measure] for one in mine for measure in measures if measure in one]
        return float(np.median(values)) if values else None

    return model_card.Calibration(ece=median("ece", "ece_30d"), decile_mape=median("decile_mape"), bias=median("bias"))


def _card_slices(candidate: Candidate, name: str) -> list[model_card.Slice]:
    if not candidate.tested.tests:
        return []
    headline, newest, tier = MODELS[name].headline, candidate.tested.tests[0], candidate.tiers[name]
    everyone = MODELS[name].metrics(newest.test.outcomes, newest.plan, newest.forecasts[tier])[headline]
    return [
        model_card.Slice(
            name=part, customers=int(measures["customers"]), metric=headline, value=measures[headline],
            everyone=everyone, higher_is_better=HIGHER_IS_BETTER[headline],
        )
        for part, measures in report.slices_of(name, newest, tier).items()
    ]  # fmt: skip


def _rule_rows(candidate: Candidate) -> list[dict[str, Any]]:
    rows = rule_rows(candidate.tested.rules)
    numbers = [{key: value for key, value in row.items() if isinstance(value, float)} for row in rows]
    origins = [{"origin": row["origin"] and str(row["origin"])} for row in rows]
    return [row | _finite(values) | origin for row, values, origin in zip(rows, numbers, origins, strict=True)]


def _finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in metrics.items()}
