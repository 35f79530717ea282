"""Back-test every rung, pick the one that passes for each question, refit it on everything, register a release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from features.history import Cutoff
from features.storage.atomic_files import replace_text
from pipelines.registration.candidate import Candidate
from pipelines.registration.fingerprint import fingerprint
from pipelines.registration.register import register
from pipelines.run_context import Job
from pipelines.steps import evaluate
from training.dataset.category_rows import CategoryLog
from training.evaluation.quality_gate import falls
from training.fitting.assemble import assemble, churn_sample
from training.fitting.category_hazards import learn_categories
from training.models import MODELS

if TYPE_CHECKING:
    from training.registry import Registry


def run(job: Job) -> str:
    """Train a release on what was known as of the job's day; its version, the one made before where nothing changed."""
    mark, wanted = job.home.folder / "trained.json", fingerprint(job)
    job.say("opening the model registry")
    registry = job.home.registry()
    done: dict[str, str] = json.loads(mark.read_text()) if mark.is_file() else {}
    if wanted in done and _registered(registry, done[wanted], wanted):
        job.say(f"release {done[wanted]} was trained on exactly this")
        registry.fetch(done[wanted], job.home.releases / done[wanted])
        return done[wanted]
    version = register(_candidate(job, wanted), registry)
    replace_text(mark, json.dumps({**done, wanted: version}))
    job.say(f"release {version} waits for promotion")
    return version


def _registered(registry: Registry, version: str, wanted: str) -> bool:
    """Whether the registry still has it: a store may have been removed, or put in the place of another."""
    from training.registry import NotRegistered

    try:
        return registry.tags_of("release", version).get("fingerprint") == wanted
    except NotRegistered:
        return False


def _candidate(job: Job, wanted: str) -> Candidate:
    tested = evaluate.test(job)
    judged = {name: evaluate.verdicts_on(job, tested.tests, name) for name in MODELS}
    tiers = {name: found[-1].tier for name, found in judged.items()}
    job.say("refitting on everything: " + ", ".join(f"{name} by {tier}" for name, tier in tiers.items()))
    plan, data = job.readiness.plan, tested.data
    before = [Cutoff.of(day, job.description.zone) for day in job.laid.cutoffs if day < job.as_of]
    log = CategoryLog.before(data, job.now)
    categories = None if log is None else learn_categories(log, before)
    assembled = assemble(data.rows(job.now, plan.observed, before), plan, tiers, categories)
    today = data.rows(job.now, plan.observed, [job.now])
    orders = np.nan_to_num(today.column("orders"))
    return Candidate(
        job=job,
        fingerprint=wanted,
        tested=tested.beside_rules(job, tiers["churn"]),
        judged=judged,
        assembled=assembled,
        churn_sample=churn_sample(assembled.ladder, today.inputs, orders, job.churn_days),
        falls=falls(tiers, job.home.champion_tiers()),
    )
