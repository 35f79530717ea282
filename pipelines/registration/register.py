"""From a candidate to MLflow runs, registered versions, and a release that waits for promotion."""

from __future__ import annotations

import shutil
from pathlib import Path

from features.store.definitions import SERVICE
from pipelines.registration.candidate import Candidate
from pipelines.registration.fingerprint import git_commit
from pipelines.registration.mlflow_records import card_of, line_of, run_of
from training.inference.release import write_release
from training.inference.release_manifest import ReleaseManifest
from training.models import MODELS
from training.registry import Registry, Run


def register(candidate: Candidate, registry: Registry) -> str:
    """Log and register the three models and the release; the release's version.

    Everything is found again by the candidate's fingerprint, so that a killed registration is finished, not repeated.
    """
    drafts = candidate.job.home.folder / "drafts"
    shutil.rmtree(drafts, ignore_errors=True)
    versions = {name: _register_model(candidate, registry, name, drafts / name) for name in MODELS}
    candidate.job.say("registering the release")
    _write(candidate, versions, drafts / "release")
    run = Run(
        name="release",
        experiment="training",
        fingerprint=candidate.fingerprint,
        params={"as_of": str(candidate.job.as_of), **candidate.tiers},
        tags={"git_commit": git_commit()},
        texts={"flywheel.json": candidate.job.description.model_dump_json(indent=1)},
        folder=drafts / "release",
    )
    tags = {**versions, "feature_service": SERVICE, "as_of": str(candidate.job.as_of)}
    run_id = registry.log_run(run)
    version = registry.register("release", run_id, "model", _summary(candidate, versions), tags, candidate.fingerprint)
    registry.challenger("release", version)
    registry.fetch(version, candidate.job.home.releases / version)
    shutil.rmtree(drafts)
    return version


def _register_model(candidate: Candidate, registry: Registry, name: str, folder: Path) -> str:
    candidate.job.say(f"registering {name}")
    folder.mkdir(parents=True)
    for file, text in candidate.assembled.files[name].items():
        (folder / file).write_text(text)
    run_id = registry.log_run(run_of(candidate, name, folder))
    tags = {"tier": candidate.tiers[name], "as_of": str(candidate.job.as_of)}
    return registry.register(name, run_id, "model", card_of(candidate, name), tags, candidate.fingerprint)


def _write(candidate: Candidate, versions: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True)
    manifest = ReleaseManifest(
        model_versions=versions,
        facts=candidate.facts(),
        views=tuple(candidate.job.views),
        cards=[line_of(candidate, name, version) for name, version in versions.items()],
        ladder=candidate.assembled.ladder_json(),
        churn_sample=candidate.churn_sample,
        gate=candidate.gate,
    )
    write_release(folder, manifest, {name: candidate.assembled.answering(name) for name in MODELS})


def _summary(candidate: Candidate, versions: dict[str, str]) -> str:
    lines = [f"Trained on {candidate.job.description.name} as of {candidate.job.as_of}.", ""]
    for name, version in versions.items():
        verdict = candidate.judged[name][-1]
        lines.append(f"- **{name}** version {version}, rung `{verdict.tier}`: {verdict.reason}")
    return "\n".join(lines)
