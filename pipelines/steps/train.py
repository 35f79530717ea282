"""Training step: back-tests the average, judges it by the quality gate, refits it on all data and registers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.storage.atomic_files import replace_text
from pipelines.learning.drift.drift_references import drift_reference
from pipelines.learning.uplift import UPLIFT, LearnedFromExperiment, has_experiments, learn_uplift
from pipelines.registration import champion
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.churn_rules import with_churn_rules
from pipelines.registration.lineage import training_fingerprint
from pipelines.registration.register import register
from pipelines.run_context import RunContext
from pipelines.steps import evaluate
from training.dataset.category_rows import CategoryLog
from training.dataset.point_in_time import Dataset
from training.evaluation.backtest import backtest_evidence
from training.evaluation.quality_gate import GateDecision, evaluate_gate, stand_in_refutations
from training.fitting.assemble import assemble, churn_sample
from training.fitting.category_hazards import fit_category_tables_from_log
from training.inference.forecast import AVERAGE, LAST_WINDOW, POPULATION

if TYPE_CHECKING:
    from training.registry import Registry


def run(context: RunContext) -> str:
    """Train a release as of the context's day, and return its version; unchanged inputs return the earlier version."""
    marker, fingerprint = context.home.folder / "trained.json", training_fingerprint(context)
    context.report("opening the model registry")
    registry = context.home.registry()
    trained_versions = _read_versions(marker)
    if fingerprint in trained_versions and _is_registered(registry, trained_versions[fingerprint], fingerprint):
        context.report(f"release {trained_versions[fingerprint]} was trained on the same data, config and code")
        registry.fetch(trained_versions[fingerprint], context.home.releases / trained_versions[fingerprint])
        return trained_versions[fingerprint]
    context.write_readiness()
    version = register(_build_candidate(context, fingerprint), registry)
    replace_text(marker, json.dumps({**trained_versions, fingerprint: version}))
    context.report(f"release {version} waits for promotion")
    return version


def _read_versions(marker: Path) -> dict[str, str]:
    """The version of each fingerprint; empty where the file is missing or damaged, as the registry has them, too."""
    try:
        versions = json.loads(marker.read_bytes())
    except (OSError, ValueError):
        return {}
    return versions if isinstance(versions, dict) else {}


def _is_registered(registry: Registry, version: str, fingerprint: str) -> bool:
    """Return whether the registry still has the version with this fingerprint; its store may have been replaced."""
    from training.registry import VersionNotFound

    try:
        return registry.tags_of("release", version).get("fingerprint") == fingerprint
    except VersionNotFound:
        return False


def _build_candidate(context: RunContext, fingerprint: str) -> ReleaseCandidate:
    backtest_result = evaluate.run_backtest(context)
    tests, state = backtest_result.tests, context.readiness
    decisions = evaluate_gate(tests, state.tier)
    comparisons = champion.compare(context, backtest_result, state.tier)
    tier = _answering_tier(context, decisions)
    context.report(f"refitting on everything: {tier}")
    evidence = backtest_evidence(tests, state.tier)
    cutoffs = list(context.cutoffs)
    log = CategoryLog.from_dataset(backtest_result.data, context.now)
    categories = None if log is None else fit_category_tables_from_log(log, cutoffs[:-1])
    rows = backtest_result.data.rows(context.now, state.plan.outcome_horizons, cutoffs)
    assembled = assemble(rows, state.plan, context.now.day_number, tier, evidence, categories)
    uplift = _learn_uplift(context, backtest_result.data)
    if uplift is not None:
        assembled = assembled.with_files(UPLIFT, uplift.files)
    today = rows.select(rows.cutoff == context.now.day_number)
    orders = np.nan_to_num(today.column("orders"))
    return ReleaseCandidate(
        context=context,
        fingerprint=fingerprint,
        backtest_result=with_churn_rules(backtest_result, context, state.tier),
        gate_decisions={name: replace(decision, tier=tier) for name, decision in decisions.items()},
        assembled_release=assembled,
        churn_sample=churn_sample(assembled.tiered_model, today.inputs, orders, context.churn_days),
        drift_reference=drift_reference(context, assembled.tiered_model, today),
        comparisons=comparisons,
        stand_in_refutations=stand_in_refutations(tests, assembled.tiered_model) if tier == LAST_WINDOW else (),
        rows=rows,
        uplift=None if uplift is None else uplift.evidence,
    )


def _learn_uplift(context: RunContext, data: Dataset) -> LearnedFromExperiment | None:
    """What an experiment of the home teaches; None without one."""
    if not has_experiments(context):
        return None
    return learn_uplift(context, evaluate.PublishedFeatures(context), data.amount_limits)


def _answering_tier(context: RunContext, decisions: Mapping[str, GateDecision]) -> str:
    """The tested tier; the last window where the newest origin refutes it and no champion can answer in its place."""
    tier = context.readiness.tier
    refuted = any(decision.refutations for decision in decisions.values())
    if not refuted or tier == POPULATION or AVERAGE in champion.tiers_of_usable_champion(context).values():
        return tier
    return LAST_WINDOW
