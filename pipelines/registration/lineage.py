"""Where a result came from: fingerprints of data, description and code."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import features
import training
from features.ingestion.ingest import read_manifest
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import RunContext


def training_fingerprint(context: RunContext) -> str:
    """Equal for equal data, description, instant and code: such trainings give the same release."""
    code = code_fingerprint(features, training)
    facts = [
        str(read_manifest(context.home.history)),
        str(context.as_of),
        str(context.origins),
        context.profiling_scope.fingerprint,
        code,
    ]
    # Whoever was forgotten is in the data no more, of which the manifest knows nothing.
    facts += [str(one) for one in context.home.ledger().erasures()[-1:]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def git_commit() -> str:
    """The commit this code was checked out at, or 'unknown' outside a checkout and without git."""
    git, here = shutil.which("git"), Path(__file__).parent
    if git is None:
        return "unknown"
    command = [git, "rev-parse", "HEAD"]
    asked = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)  # noqa: S603 -- git itself
    return asked.stdout.strip() or "unknown"
