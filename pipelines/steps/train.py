"""Training step: back-tests every tier, selects one per model by the gate, refits it on all data and registers it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from features.history import Cutoff
from features.storage.atomic_files import replace_text
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.churn_rules import with_churn_rules
from pipelines.registration.lineage import training_fingerprint
from pipelines.registration.register import register
from pipelines.run_context import RunContext
from pipelines.steps import evaluate
from training.dataset.category_rows import CategoryLog
from training.evaluation.quality_gate import regressions
from training.fitting.assemble import assemble, churn_sample
from training.fitting.category_hazards import fit_category_tables_from_log
from training.models import MODELS

if TYPE_CHECKING:
    from training.registry import Registry


def run(context: RunContext) -> str:
    """Train a release as of the context's day, and return its version; unchanged inputs return the earlier version."""
    marker, fingerprint = context.home.folder / "trained.json", training_fingerprint(context)
    context.report("opening the model registry")
    registry = context.home.registry()
    trained_versions: dict[str, str] = json.loads(marker.read_text()) if marker.is_file() else {}
    if fingerprint in trained_versions and _is_registered(registry, trained_versions[fingerprint], fingerprint):
        context.report(f"release {trained_versions[fingerprint]} was trained on the same data, config and code")
        registry.fetch(trained_versions[fingerprint], context.home.releases / trained_versions[fingerprint])
        return trained_versions[fingerprint]
    version = register(_build_candidate(context, fingerprint), registry)
    replace_text(marker, json.dumps({**trained_versions, fingerprint: version}))
    context.report(f"release {version} waits for promotion")
    return version


def _is_registered(registry: Registry, version: str, fingerprint: str) -> bool:
    """Return whether the registry still has the version with this fingerprint; its store may have been replaced."""
    from training.registry import VersionNotFound

    try:
        return registry.tags_of("release", version).get("fingerprint") == fingerprint
    except VersionNotFound:
        return False


def _build_candidate(context: RunContext, fingerprint: str) -> ReleaseCandidate:
    backtest_result = evaluate.run_backtest(context)
    decisions = {name: evaluate.gate_decisions(context, backtest_result.tests, name) for name in MODELS}
    tiers = {name: model_decisions[-1].tier for name, model_decisions in decisions.items()}
    context.report("refitting on everything: " + ", ".join(f"{name} by {tier}" for name, tier in tiers.items()))
    plan, data = context.readiness.plan, backtest_result.data
    before = [Cutoff.from_day(day, context.config.zone) for day in context.schedule.cutoffs if day < context.as_of]
    log = CategoryLog.from_dataset(data, context.now)
    categories = None if log is None else fit_category_tables_from_log(log, before)
    assembled = assemble(data.rows(context.now, plan.outcome_horizons, before), plan, tiers, categories)
    today = data.rows(context.now, plan.outcome_horizons, [context.now])
    orders = np.nan_to_num(today.column("orders"))
    return ReleaseCandidate(
        context=context,
        fingerprint=fingerprint,
        backtest_result=with_churn_rules(backtest_result, context, tiers["churn"]),
        gate_decisions=decisions,
        assembled_release=assembled,
        churn_sample=churn_sample(assembled.tiered_model, today.inputs, orders, context.churn_days),
        regressions=regressions(tiers, context.home.champion_tiers()),
    )
