"""Registration of a candidate: MLflow runs, model versions, and a release that waits for promotion."""

from __future__ import annotations

import shutil
from pathlib import Path

from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.card import render_model_card
from pipelines.registration.lineage import git_commit
from pipelines.registration.mlflow_records import mlflow_run, model_summary
from training.inference.release import write_release
from training.inference.release_manifest import ReleaseManifest
from training.models import MODELS
from training.registry import Registry, Run


def register(candidate: ReleaseCandidate, registry: Registry) -> str:
    """Log and register the models and the release, and return the version of the release.

    It is idempotent: everything is keyed by the candidate's fingerprint, so that a killed registration is completed.
    """
    drafts = candidate.context.home.folder / "drafts"
    shutil.rmtree(drafts, ignore_errors=True)
    versions = {name: _register_model(candidate, registry, name, drafts / name) for name in MODELS}
    candidate.context.report("registering the release")
    _write_release(candidate, versions, drafts / "release")
    run = Run(
        name="release",
        experiment="training",
        fingerprint=candidate.fingerprint,
        params={"as_of": str(candidate.context.as_of), "tier": candidate.tier},
        tags={"git_commit": git_commit()},
        texts={"flywheel.json": candidate.context.config.model_dump_json(indent=1)},
        folder=drafts / "release",
    )
    tags = {**versions, "feature_service": FEATURE_SERVICE, "as_of": str(candidate.context.as_of)}
    run_id = registry.log_run(run)
    version = registry.register(
        "release", run_id, "model", _release_description(candidate, versions), tags, candidate.fingerprint
    )
    registry.set_challenger("release", version)
    registry.fetch(version, candidate.context.home.releases / version)
    shutil.rmtree(drafts)
    return version


def _register_model(candidate: ReleaseCandidate, registry: Registry, name: str, folder: Path) -> str:
    candidate.context.report(f"registering {name}")
    folder.mkdir(parents=True)
    for file, text in candidate.assembled_release.model_files(name).items():
        (folder / file).write_text(text)
    registry.describe(name, MODELS[name].summary)
    card = render_model_card(candidate, name)
    run_id = registry.log_run(mlflow_run(candidate, name, folder, card))
    tags = {"tier": candidate.tier, "as_of": str(candidate.context.as_of)}
    return registry.register(name, run_id, "model", card, tags, candidate.fingerprint)


def _write_release(candidate: ReleaseCandidate, versions: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True)
    manifest = ReleaseManifest(
        model_versions=versions,
        metadata=candidate.release_metadata(),
        views=tuple(candidate.context.views),
        cards=[model_summary(candidate, name, version) for name, version in versions.items()],
        tiered_model=candidate.assembled_release.tiered_model_json(),
        churn_sample=candidate.churn_sample,
        gate=candidate.gate,
        amount_limits=candidate.backtest_result.data.amount_limits,
    )
    write_release(folder, manifest, candidate.assembled_release.files)


def _release_description(candidate: ReleaseCandidate, versions: dict[str, str]) -> str:
    lines = [f"Trained on {candidate.context.config.name} as of {candidate.context.as_of}.", ""]
    for name, version in versions.items():
        decision = candidate.gate_decisions[name]
        lines.append(f"- **{name}** version {version}, tier `{decision.tier}`: {decision.reason}")
    return "\n".join(lines)
