"""Registration of a candidate: MLflow runs, model versions, and a release that waits for promotion."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.card import render_model_card
from pipelines.registration.lineage import git_commit
from pipelines.registration.mlflow_records import mlflow_run, model_summary
from pipelines.registration.review import Review
from pipelines.registration.uplift_model import uplift_card, uplift_run, uplift_summary
from training.inference.release import write_release
from training.inference.release_manifest import MONITORING_FOLDER, ReleaseManifest
from training.models import MODELS, PAGES
from training.monitoring.drift_reference import REFERENCE_FILE
from training.pyfunc.signature import pyfunc_signature
from training.registry import Registry, Run, artifact_address, write_pyfunc
from training.registry.release_records import ReleaseRecords
from training.reporting.release_page import render_release_page

_ALIASES_FOLLOW = "Its aliases follow the release; moving them here changes nothing that is served."


def register(candidate: ReleaseCandidate, registry: Registry) -> str:
    """Log and register the models and the release, and return the version of the release.

    It is idempotent: everything is keyed by the candidate's fingerprint, so that a killed registration is completed.
    """
    drafts = candidate.context.home.folder / "drafts"
    shutil.rmtree(drafts, ignore_errors=True)
    names = candidate.models
    unregistered = _manifest(candidate, dict.fromkeys(names, ""))
    models = {name: _register_model(candidate, registry, name, drafts / name, unregistered) for name in names}
    versions = {name: model.version for name, model in models.items()}
    candidate.context.report("registering the release")
    manifest = _manifest(candidate, versions)
    _write_release(candidate, manifest, drafts / "release")
    write_pyfunc(drafts / "release", pyfunc_signature(manifest, names))
    review = Review(candidate)
    figures = review.figures()
    run = Run(
        name="release",
        experiment="training",
        fingerprint=candidate.fingerprint,
        params={"as_of": str(candidate.context.as_of), "tier": candidate.tier},
        tags={"git_commit": git_commit()},
        figures=figures,
        texts={
            "flywheel.json": candidate.context.config.model_dump_json(indent=1),
            "gate.json": json.dumps(asdict(candidate.gate), indent=1),
        },
        folder=drafts / "release",
    )
    tags = {**versions, "feature_service": FEATURE_SERVICE, "as_of": str(candidate.context.as_of)}
    run_id = registry.log_run(run)
    version = registry.register("release", run_id, "model", "", tags, candidate.fingerprint)
    addresses = _figure_addresses(candidate, figures, run_id, models)
    registry.describe_version("release", version, render_release_page(review.page(version, versions, addresses)))
    registry.set_challenger("release", version)
    registry.fetch(version, candidate.context.home.releases / version)
    ReleaseRecords.of_home(candidate.context.home.folder).record_run(version, run_id)
    shutil.rmtree(drafts)
    return version


class _RegisteredModel(NamedTuple):
    version: str
    run_id: str


def _register_model(
    candidate: ReleaseCandidate, registry: Registry, name: str, folder: Path, unregistered: ReleaseManifest
) -> _RegisteredModel:
    """Register one model; ``unregistered`` is the manifest of the release before its models have versions."""
    candidate.context.report(f"registering {name}")
    folder.mkdir(parents=True)
    for file, text in candidate.assembled_release.model_files(name).items():
        (folder / file).write_text(text)
    # The models answer together, so that each needs the files of all.
    _write_release(candidate, unregistered, folder / "release")
    write_pyfunc(folder, pyfunc_signature(unregistered, [name]), "release")
    registry.describe(name, f"{PAGES[name].summary} {_ALIASES_FOLLOW}")
    card, run = _card_and_run(candidate, name, folder)
    run_id = registry.log_run(run)
    tags = {"tier": candidate.tier, "as_of": str(candidate.context.as_of)}
    return _RegisteredModel(registry.register(name, run_id, "model", card, tags, candidate.fingerprint), run_id)


def _card_and_run(candidate: ReleaseCandidate, name: str, folder: Path) -> tuple[str, Run]:
    if candidate.uplift is not None and name not in MODELS:
        return uplift_card(name, candidate.uplift), uplift_run(candidate, name, candidate.uplift, folder)
    card = render_model_card(candidate, name)
    return card, mlflow_run(candidate, name, folder, card)


def _write_release(candidate: ReleaseCandidate, manifest: ReleaseManifest, folder: Path) -> None:
    folder.mkdir(parents=True)
    monitoring = {MONITORING_FOLDER: {REFERENCE_FILE: candidate.drift_reference.to_json()}}
    write_release(folder, manifest, {**candidate.assembled_release.files, **monitoring})


def _manifest(candidate: ReleaseCandidate, versions: Mapping[str, str]) -> ReleaseManifest:
    return ReleaseManifest(
        model_versions=dict(versions),
        metadata=candidate.release_metadata(),
        views=tuple(candidate.context.views),
        cards=[_summary(candidate, name, version) for name, version in versions.items()],
        tiered_model=candidate.assembled_release.tiered_model_json(),
        churn_sample=candidate.churn_sample,
        gate=candidate.gate,
        amount_limits=candidate.backtest_result.data.amount_limits,
        treated_windows=candidate.backtest_result.treated_windows.to_json(),
    )


def _summary(candidate: ReleaseCandidate, name: str, version: str) -> dict[str, Any]:
    if candidate.uplift is not None and name not in MODELS:
        return uplift_summary(candidate, name, candidate.uplift, version)
    return model_summary(candidate, name, version)


def _figure_addresses(
    candidate: ReleaseCandidate, figures: Iterable[str], run_id: str, models: Mapping[str, _RegisteredModel]
) -> dict[str, str]:
    """Caption -> address of each figure on the page; those of a model belong to its own run."""
    captions = {"paired_gains": "The loss on each question", "band_changes": "Whose band changes"}
    own = {captions[name]: artifact_address(run_id, f"figures/{name}.png") for name in figures}
    tested = candidate.backtest_result.tests
    churn = {"Calibration of churn": artifact_address(models["churn"].run_id, "figures/reliability.png")}
    return {**own, **(churn if tested else {})}
