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
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import RunContext


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
    # Erased customers have left the data without a change of the manifest.
    parts += [str(erasure) for erasure in context.home.ledger().erasures()[-1:]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def git_commit() -> str:
    """The commit of the checkout, or 'unknown' outside a checkout and without git."""
    git, here = shutil.which("git"), Path(__file__).parent
    if git is None:
        return "unknown"
    command = [git, "rev-parse", "HEAD"]
    result = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)  # noqa: S603 -- git itself
    return result.stdout.strip() or "unknown"
