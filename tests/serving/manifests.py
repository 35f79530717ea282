"""Manifests of releases for tests: written into a home, without a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.serving.fakes import METADATA, VIEWS
from training.inference.release_manifest import MANIFEST_FILE, GateResult, ReleaseManifest

GATE = {"passed": True, "regressions": [], "refutations": [], "no_signal": [], "implausible": {}, "reasons": {}}


def write_manifest(
    home: Path,
    version: str,
    *,
    tier: str = "average",
    passed: bool = True,
    refutations: Sequence[str] = (),
    cards: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write the manifest of a release that answers churn from a tier; return its path."""
    manifest = ReleaseManifest(
        model_versions={"churn": version},
        metadata=replace(METADATA),
        views=VIEWS,
        cards=cards,
        tiered_model={"tier_by_model": {"churn": tier}, "tier": tier},
        churn_sample=(),
        gate=GateResult(passed=passed, regressions=[], reasons={}, refutations=list(refutations), no_signal=[]),
    )
    path = home / "releases" / version / MANIFEST_FILE
    path.parent.mkdir(parents=True)
    path.write_text(manifest.to_text())
    return path
