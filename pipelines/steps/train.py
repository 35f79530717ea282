"""Back-test every rung, pick the one that passes for each question, refit it on everything, register a release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from features.history import Cutoff
from features.storage.atomic_files import replace_text
from pipelines.registration.candidate import ReleaseCandidate
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
    """Train a release on what was known as of the job's day; its version, the one made before where nothing changed."""
    mark, wanted = context.home.folder / "trained.json", training_fingerprint(context)
    context.report("opening the model registry")
    registry = context.home.registry()
    done: dict[str, str] = json.loads(mark.read_text()) if mark.is_file() else {}
    if wanted in done and _is_registered(registry, done[wanted], wanted):
        context.report(f"release {done[wanted]} was trained on exactly this")
        registry.fetch(done[wanted], context.home.releases / done[wanted])
        return done[wanted]
    version = register(_build_candidate(context, wanted), registry)
    replace_text(mark, json.dumps({**done, wanted: version}))
    context.report(f"release {version} waits for promotion")
    return version


def _is_registered(registry: Registry, version: str, fingerprint: str) -> bool:
    """Whether the registry still has it: a store may have been removed, or put in the place of another."""
    from training.registry import VersionNotFound

    try:
        return registry.tags_of("release", version).get("fingerprint") == fingerprint
    except VersionNotFound:
        return False


def _build_candidate(context: RunContext, fingerprint: str) -> ReleaseCandidate:
    tested = evaluate.run_backtest(context)
    judged = {name: evaluate.gate_decisions(context, tested.tests, name) for name in MODELS}
    tiers = {name: found[-1].tier for name, found in judged.items()}
    context.report("refitting on everything: " + ", ".join(f"{name} by {tier}" for name, tier in tiers.items()))
    plan, data = context.readiness.plan, tested.data
    before = [Cutoff.from_day(day, context.config.zone) for day in context.schedule.cutoffs if day < context.as_of]
    log = CategoryLog.from_dataset(data, context.now)
    categories = None if log is None else fit_category_tables_from_log(log, before)
    assembled = assemble(data.rows(context.now, plan.outcome_horizons, before), plan, tiers, categories)
    today = data.rows(context.now, plan.outcome_horizons, [context.now])
    orders = np.nan_to_num(today.column("orders"))
    return ReleaseCandidate(
        context=context,
        fingerprint=fingerprint,
        backtest_result=tested.with_churn_rules(context, tiers["churn"]),
        gate_decisions=judged,
        assembled_release=assembled,
        churn_sample=churn_sample(assembled.tiered_model, today.inputs, orders, context.churn_days),
        regressions=regressions(tiers, context.home.champion_tiers()),
    )
