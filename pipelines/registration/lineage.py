"""Lineage: fingerprints of the data, configuration and code that a release was trained from."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import features
import training
from features.ingestion.manifest import read_manifest
from pipelines.home import Home
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import RunContext
from training.experiments.record import experiment_folder
from training.experiments.record.experiment_folder import ExperimentFolder


def training_fingerprint(context: RunContext) -> str:
    """SHA-256 over data, configuration, instant and code: trainings of equal fingerprints give the same release."""
    code = code_fingerprint(features, training)
    parts = [
        str(read_manifest(context.home.history)),
        str(context.config.accept),
        str(context.as_of),
        str(context.origins),
        context.profiling_scope.fingerprint,
        code,
    ]
    parts += experiments_fingerprint(context.home)
    # Erased customers have left the data without a change of the manifest.
    parts += [str(erasure) for erasure in context.home.ledger().erasures()[-1:]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def experiments_fingerprint(home: Home) -> list[str]:
    """Digests of the experiments and of their folded decisions and outcomes; empty without an experiment."""
    records = [
        path for experiment in ExperimentFolder(home.folder).ids() for path in _experiment_files(home, experiment)
    ]
    tables = [home.history / name for name in ("decisions.parquet", "exposures.parquet", "outcomes.parquet")]
    return [
        f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in (*records, *(tables if records else ()))
        if path.is_file()
    ]


def _experiment_files(home: Home, experiment_id: str) -> list[Path]:
    folder = home.folder / experiment_folder.FOLDER
    return [folder / f"{experiment_id}.json", folder / experiment_id / experiment_folder.CHANGES_FILE]


def git_commit() -> str:
    """The commit of the checkout, or 'unknown' outside a checkout and without git."""
    git, here = shutil.which("git"), Path(__file__).parent
    if git is None:
        return "unknown"
    command = [git, "rev-parse", "HEAD"]
    result = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)  # noqa: S603 -- git itself
    return result.stdout.strip() or "unknown"
